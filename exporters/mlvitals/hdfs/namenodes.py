"""What NameNodes say, alone and together: roles, totals of the active one, and what takes more than a rule."""

from __future__ import annotations

from collections.abc import Mapping

from mlvitals.core.collector import UpstreamError
from mlvitals.core.jmxpage import JmxPage, read
from mlvitals.core.report import Report
from mlvitals.hdfs import metrics, rules

# A tuple: what is looked for in it may be of any type.
_TOLD = tuple(state for state in metrics.HA_STATES if state not in (metrics.STARTING, metrics.UNKNOWN))
Answers = Mapping[str, JmxPage | UpstreamError]
"""Daemon -> its page, or why there is none."""


def state_of(answer: JmxPage | UpstreamError) -> str:
    """One of HA_STATES."""
    if isinstance(answer, UpstreamError):
        return metrics.UNKNOWN
    state = answer.value(rules.ROLE)
    if state is None:
        return metrics.STARTING
    return state if state in _TOLD else metrics.UNKNOWN


def active_of(answers: Answers) -> dict[str, JmxPage]:
    """The active NameNodes: one, unless something is wrong."""
    pages = {name: answer for name, answer in answers.items() if isinstance(answer, JmxPage)}
    return {name: page for name, page in pages.items() if state_of(page) == metrics.ACTIVE}


class Mkdirs:
    """Directories made, as a counter for each NameNode: it falls only when FilesCreated does, at a start.

    Hadoop asks for one attribute after the other, and may renew all of them in between. The difference of two is then
    wrong by what was created meanwhile, and one that falls again by 1 would look like a reset to `rate`.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}

    def made(self, page: JmxPage, name: str) -> int | None:
        """At least as many as before; None while that is not known."""
        added, files = page.value(rules.FILES_CREATED), page.value(rules.FILES_OPENED)
        if not isinstance(added, int) or not isinstance(files, int):
            return None
        before = self._last.get(name)
        made = added - files
        if before and added >= before[0]:
            made = max(made, before[1])
        if made < 0:
            return None
        self._last[name] = added, made
        return made


def report_namenode(page: JmxPage, name: str, mkdirs: Mkdirs, report: Report) -> None:
    """Add what is true of this NameNode alone; of one that starts, only how far it is."""
    read(rules.STARTUP, page, report, name)
    if state_of(page) == metrics.STARTING:
        return
    read(rules.PROCESS, page, report, name)
    read(rules.NAMENODE, page, report, name)
    report.add(metrics.MKDIRS, mkdirs.made(page, name), daemon=name)
    _report_directories(page, name, report)


def report_roles(answers: Answers, report: Report) -> None:
    """Add the state of each NameNode, and how many are active where all are known."""
    states = {name: state_of(answer) for name, answer in answers.items()}
    for name, state in states.items():
        report.add_states(metrics.HA_STATE, "state", state, daemon=name)
    if metrics.UNKNOWN not in states.values():
        report.add(metrics.ACTIVE_NAMENODES, len(active_of(answers)))


def _report_directories(page: JmxPage, name: str, report: Report) -> None:
    statuses = page.parsed(page.value(rules.NAME_DIRECTORIES))
    for state in metrics.NAME_DIRECTORIES.values["state"]:
        found = statuses.get(state) if isinstance(statuses, Mapping) else None
        if isinstance(found, Mapping):
            report.add(metrics.NAME_DIRECTORIES, len(found), daemon=name, state=state)
