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


def report_namenode(page: JmxPage, name: str, report: Report) -> None:
    """Add what is true of this NameNode alone; of one that starts, only how far it is."""
    read(rules.STARTUP, page, report, name)
    if state_of(page) == metrics.STARTING:
        return
    read(rules.PROCESS, page, report, name)
    read(rules.NAMENODE, page, report, name)
    _report_mkdirs(page, name, report)
    _report_directories(page, name, report)


def report_roles(answers: Answers, report: Report) -> None:
    """Add the state of each NameNode, and how many are active where all are known."""
    states = {name: state_of(answer) for name, answer in answers.items()}
    for name, state in states.items():
        report.add_states(metrics.HA_STATE, "state", state, daemon=name)
    if metrics.UNKNOWN not in states.values():
        report.add(metrics.ACTIVE_NAMENODES, len(active_of(answers)))


def _report_mkdirs(page: JmxPage, name: str, report: Report) -> None:
    added, files = page.value(rules.FILES_CREATED), page.value(rules.FILES_OPENED)
    if isinstance(added, int) and isinstance(files, int) and added >= files:
        report.add(metrics.MKDIRS, added - files, daemon=name)


def _report_directories(page: JmxPage, name: str, report: Report) -> None:
    statuses = page.parsed(page.value(rules.NAME_DIRECTORIES))
    for state in metrics.NAME_DIRECTORIES.values["state"]:
        found = statuses.get(state) if isinstance(statuses, Mapping) else None
        if isinstance(found, Mapping):
            report.add(metrics.NAME_DIRECTORIES, len(found), daemon=name, state=state)
