"""The status page: every exporter and target, for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from mlvitals import __version__, assets
from mlvitals.advice import advice
from mlvitals.core.state import TargetState
from mlvitals.suite import Exporter, Suite
from mlvitals.web.document import document


def page(suite: Suite, grafana: str | None) -> str:
    """The status page of all exporters; `grafana` is its base URL, without which no dashboard is linked."""
    exporters = list(suite.exporters.values())
    sections = "".join(_section(exporter, grafana) for exporter in exporters)
    body = f"<main><h1>mlvitals</h1>{_summary(exporters)}{_as_of()}{sections or _NOTHING}</main>{_FOOTER}"
    return document("Status", body)


_NOTHING = (
    "<p>No exporter is configured. Add one to the file and send SIGHUP, or see "
    "<code>mlvitals run --help</code> for one without a file.</p>"
)
_FOOTER = (
    '<footer><p><a href="metrics">Metrics of the process</a> · <a href="sd">Service discovery</a> · '
    f'<a href="runbooks">Runbooks</a> · mlvitals {__version__}</p></footer>'
)


def _summary(exporters: list[Exporter]) -> str:
    targets = [target for exporter in exporters for target in exporter.runner.state.targets().values()]
    failing = sum(target is not None and not target.up for target in targets)
    waiting = sum(target is None for target in targets)
    words = (
        f"{failing} of {len(targets)} targets cannot be read." if failing else f"All {len(targets)} targets are read."
    )
    if waiting and not failing:
        words = f"{waiting} of {len(targets)} targets are being read for the first time."
    return f'<p class="summary {"down" if failing else "first" if waiting else "up"}">{words}</p>' if targets else ""


def _as_of() -> str:
    """When the page was made. It does not reload itself: that would throw a screen reader back to the top."""
    return f'<p>As of {_moment(time.time())} · <a href=".">Reload</a></p>'


_COLUMNS = ("Target", "State", "Last success", "Series", "Last error and what to do")
_HEAD = "<thead><tr>" + "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS) + "</tr></thead>"


def _section(exporter: Exporter, grafana: str | None) -> str:
    name, kind = escape(exporter.settings.name), escape(exporter.settings.type)
    schedule = exporter.settings.schedule()
    rows = "".join(_rows(exporter))
    return (
        f'<section aria-labelledby="e-{name}"><h2 id="e-{name}">{name} <small>{kind}</small></h2>'
        f"<p>Every {schedule.interval:g} s{_durations(exporter)} · {_links(exporter, grafana)}</p>{_runbooks(exporter)}"
        f'<table class="targets" aria-labelledby="e-{name}">{_HEAD}<tbody>{rows}</tbody></table></section>'
    )


def _durations(exporter: Exporter) -> str:
    durations = exporter.runner.state.durations()
    took = ", ".join(f"{escape(name)} {_seconds(seconds)} s" for name, seconds in durations.items())
    return f" · last collection took: {took}" if took else ""


def _seconds(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"


def _links(exporter: Exporter, grafana: str | None) -> str:
    kind = exporter.settings.type
    links = [("metrics/" + quote(exporter.settings.name), "metrics")]
    if grafana:
        variables = f"?var-exporter={quote(exporter.settings.name)}"
        links += [
            (f"{grafana}/d/{quote(uid)}{variables}", f"dashboard {title}") for uid, title in assets.dashboards_of(kind)
        ]
    return " · ".join(f'<a href="{escape(href)}">{escape(text)}</a>' for href, text in links)


def _runbooks(exporter: Exporter) -> str:
    names = [name for name in assets.alerts_of(exporter.settings.type) if name in assets.runbooks()]
    items = "".join(f'<li><a href="runbooks/{escape(name)}">{escape(name)}</a></li>' for name in names)
    return f"<details><summary>Runbooks of its alerts</summary><ul>{items}</ul></details>" if items else ""


def _rows(exporter: Exporter) -> Iterator[str]:
    for name, target in sorted(exporter.runner.state.targets().items()):
        cells = _first_run() if target is None else _cells(target)
        yield f'<tr><th scope="row">{escape(name)}{_report(exporter, name, target)}</th>{cells}</tr>'


def _report(exporter: Exporter, name: str, target: TargetState | None) -> str:
    if target is None or target.snapshot is None or target.snapshot.report is None:
        return ""
    address = "/".join(map(quote, ("reports", exporter.settings.name, name)))
    return f' <small><a href="{escape(address)}" aria-label="report of {escape(name)}">report</a></small>'


def _first_run() -> str:
    return '<td class="first">first run</td><td></td><td></td><td></td>'


def _cells(target: TargetState) -> str:
    state = "up" if target.up else "down"
    return (
        f'<td class="{state}">{state}</td><td data-name="last success">{_moment(target.last_success)}</td>'
        f'<td data-name="series">{target.series}</td><td>{_failure(target)}</td>'
    )


def _failure(target: TargetState) -> str:
    if target.failure is None:
        return ""
    reason, message = target.failure.reason, target.failure.message
    return f"<strong>{reason}</strong>: {escape(message)}<br>{escape(advice(target.failure))}"


def _moment(timestamp: float | None) -> str:
    if timestamp is None:
        return "never"
    moment = time.gmtime(timestamp)
    text, machine = (time.strftime(form, moment) for form in ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%SZ"))
    return f'<time datetime="{machine}">{text}</time>'
