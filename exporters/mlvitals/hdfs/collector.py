"""Reads all daemons of one HDFS: the NameNodes first, since the active one tells where the DataNodes are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from mlvitals.core.collector import Deadline, Failure, Snapshot, UpstreamError
from mlvitals.core.fleet import Fleet, named
from mlvitals.core.jmx import Rule
from mlvitals.core.jmxpage import JmxPage, fetch, read
from mlvitals.core.outbound import Client
from mlvitals.core.report import Report
from mlvitals.hdfs import metrics, rules
from mlvitals.hdfs.config import HdfsSettings
from mlvitals.hdfs.datanodes import Found, discover, report_seen
from mlvitals.hdfs.namenodes import Answers, active_of, report_namenode, report_roles

QUERY = "Hadoop:*"
NAMENODE, DATANODE, JOURNALNODE = metrics.SERVICES
_RULES: Mapping[str, Sequence[Rule]] = {
    DATANODE: (*rules.PROCESS, *rules.DATANODE),
    JOURNALNODE: (*rules.PROCESS, *rules.JOURNALNODE),
}


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
        listed = {DATANODE: settings.datanodes, JOURNALNODE: settings.journalnodes}
        self._others = {name: (kind, url) for kind, urls in listed.items() for name, url in named(urls).items()}
        self.targets: tuple[str, ...] = (metrics.CLUSTER, *self._namenodes, *self._others)
        self._discovers = settings.discover_datanodes and not settings.datanodes
        self._found = Found()
        self._fleets = [Fleet(each, _fetch) for each in (settings, settings, for_discovered(settings))]

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read every daemon once."""
        of_namenodes, of_others, of_discovered = self._fleets
        answers: dict[str, JmxPage | UpstreamError] = {}
        for name, answer in of_namenodes.ask(self._namenodes, deadline):
            answers[name] = _checked(answer, NAMENODE)
            yield _result(name, answers[name], report_namenode)
        yield self._cluster(answers)
        others = {name: url for name, (_, url) in self._others.items()}
        for name, answer in of_others.ask(others, deadline):
            yield _of_kind(self._others[name][0], name, answer)
        for name, answer in of_discovered.ask(self._found.urls, deadline):
            yield _of_kind(DATANODE, name, answer)

    def close(self) -> None:
        """Close every connection."""
        for fleet in self._fleets:
            fleet.close()

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

    def _discover(self, name: str, page: JmxPage) -> None:
        """Take the DataNodes of an active NameNode; while there is none, those known before are asked."""
        if not self._discovers:
            return
        found = discover(page, self._settings, secure=self._namenodes[name].startswith("https:"))
        known = {address: url for address, url in found.urls.items() if address not in self.targets}
        self._found = Found(known, found.dropped + Counter(listed=len(found.urls) - len(known)))


def for_discovered(settings: HdfsSettings) -> HdfsSettings:
    """The settings for daemons that a NameNode names: without what proves who asks, unless their hosts are bounded."""
    if settings.datanode_hosts:
        return settings
    tls = settings.tls_config.model_copy(update={"cert_file": None, "key_file": None})
    return settings.model_copy(update={"auth": None, "tls_config": tls})


def _fetch(client: Client, deadline: Deadline) -> JmxPage:
    return fetch(client, QUERY, deadline)


def _checked(answer: JmxPage | UpstreamError, kind: str) -> JmxPage | UpstreamError:
    """The answer, if it is that of such a daemon."""
    if isinstance(answer, JmxPage) and kind not in answer.services:
        known = ", ".join(sorted(answer.services & {*metrics.SERVICES})) or "none of HDFS's daemons"
        return UpstreamError("parse", f"expected a {kind}; by its MBeans this is {known}")
    return answer


def _of_kind(kind: str, name: str, answer: JmxPage | UpstreamError) -> Snapshot | Failure:
    return _result(name, _checked(answer, kind), lambda page, name, report: read(_RULES[kind], page, report, name))


def _result(
    name: str, answer: JmxPage | UpstreamError, add: Callable[[JmxPage, str, Report], object]
) -> Snapshot | Failure:
    if isinstance(answer, UpstreamError):
        return Failure(name, answer.reason, str(answer))
    report = Report()
    add(answer, name, report)
    return report.snapshot(name)
