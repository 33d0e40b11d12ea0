"""Reads all daemons of one HDFS: the NameNodes first, since the active one tells where the DataNodes are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from mlvitals.core.collector import Deadline, Failure, Snapshot, UpstreamError
from mlvitals.core.fleet import Fleet, named, result_of
from mlvitals.core.jmxpage import JmxPage, fetch, read
from mlvitals.core.outbound import Client
from mlvitals.core.report import Report
from mlvitals.hdfs import metrics, rules
from mlvitals.hdfs.config import HdfsSettings
from mlvitals.hdfs.datanodes import Found, discover, report_seen
from mlvitals.hdfs.namenodes import Answers, Mkdirs, active_of, report_namenode, report_roles

QUERY = "Hadoop:*"
NAMENODE, DATANODE, JOURNALNODE = metrics.SERVICES
_RULES = {DATANODE: (*rules.PROCESS, *rules.DATANODE), JOURNALNODE: (*rules.PROCESS, *rules.JOURNALNODE)}


class DaemonCollector:
    """One GET of `/jmx?qry=Hadoop:*` for each daemon. A target for each, and one for what is true of the cluster.

    The roles and the cluster's totals are one snapshot of all NameNodes, and replaced as a whole: a NameNode that was
    active and does not answer any more must not look active beside its successor until its data is too old.
    """

    name = metrics.CLUSTER
    auxiliary = False

    def __init__(self, settings: HdfsSettings) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._namenodes = named(settings.namenodes)
        self._datanodes = named(settings.datanodes)
        self._others = self._datanodes | named(settings.journalnodes)
        self._static = (metrics.CLUSTER, *self._namenodes, *self._others)
        self._discovers = settings.discover_datanodes and not settings.datanodes
        self._found, self._mkdirs = Found(), Mkdirs()
        self._of_namenodes, self._of_others = Fleet(settings), Fleet(settings)
        self._of_discovered = Fleet(for_discovered(settings))

    @property
    def targets(self) -> tuple[str, ...]:
        """Those configured, and the DataNodes found last: what there is no time for fails, and does not vanish."""
        return (*self._static, *self._found.urls)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read every daemon once."""
        yield from self._read_namenodes(deadline)
        for name, result in self._of_others.ask(self._others, self._other, deadline):
            yield result_of(name, result)
        for name, result in self._of_discovered.ask(self._found.urls, partial(_daemon, DATANODE), deadline):
            yield result_of(name, result)

    def close(self) -> None:
        """Close every connection."""
        for fleet in (self._of_namenodes, self._of_others, self._of_discovered):
            fleet.close()

    def _read_namenodes(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        answers: dict[str, JmxPage | UpstreamError] = {}
        for name, answer in self._of_namenodes.ask(self._namenodes, _page, deadline):
            answers[name] = answer
            yield result_of(name, answer if isinstance(answer, UpstreamError) else self._namenode(answer, name))
        yield self._cluster({name: answers[name] for name in self._namenodes})

    def _namenode(self, page: JmxPage, name: str) -> Snapshot:
        report = Report()
        report_namenode(page, name, self._mkdirs, report)
        return report.snapshot(name)

    def _cluster(self, answers: Answers) -> Snapshot | Failure:
        failed = [answer for answer in answers.values() if isinstance(answer, UpstreamError)]
        if len(failed) == len(answers):
            return Failure(metrics.CLUSTER, failed[0].reason, f"no NameNode could be read; the first: {failed[0]}")
        report = Report()
        report_roles(answers, report)
        for name, page in active_of(answers).items():
            read(rules.TOTALS, page, report, name)
            report_seen(page, name, self._settings.max_datanodes, report)
            self._discover(name, page)
        report.drop(metrics.DATANODE_INFO, self._found.dropped)
        return report.snapshot(metrics.CLUSTER)

    def _other(self, name: str, client: Client, deadline: Deadline) -> Snapshot:
        return _daemon(DATANODE if name in self._datanodes else JOURNALNODE, name, client, deadline)

    def _discover(self, name: str, page: JmxPage) -> None:
        """Take the DataNodes of an active NameNode; while none has a list of them, those known before are asked."""
        if not self._discovers:
            return
        found = discover(page, self._settings, self._namenodes[name])
        if found is None:
            self._found = Found(self._found.urls, Counter(malformed=1))
        else:
            others = {address: url for address, url in found.urls.items() if address not in self._static}
            self._found = Found(others, found.dropped)


def for_discovered(settings: HdfsSettings) -> HdfsSettings:
    """The settings for daemons that a NameNode names: without what proves who asks, unless their hosts are bounded."""
    if settings.datanode_hosts:
        return settings
    tls = settings.tls_config.model_copy(update={"cert_file": None, "key_file": None})
    return settings.model_copy(update={"auth": None, "tls_config": tls})


def _page(name: str, client: Client, deadline: Deadline) -> JmxPage:
    return _page_of(NAMENODE, client, deadline)


def _daemon(kind: str, name: str, client: Client, deadline: Deadline) -> Snapshot:
    report = Report()
    read(_RULES[kind], _page_of(kind, client, deadline), report, name)
    return report.snapshot(name)


def _page_of(kind: str, client: Client, deadline: Deadline) -> JmxPage:
    """The page of a daemon of this kind. Raises UpstreamError, also when it is another one's."""
    page = fetch(client, QUERY, deadline)
    if kind not in page.services:
        known = ", ".join(sorted(page.services & {*metrics.SERVICES})) or "none of HDFS's daemons"
        raise UpstreamError("parse", f"expected a {kind}; by its MBeans this is {known}")
    return page
