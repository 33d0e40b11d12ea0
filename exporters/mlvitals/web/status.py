"""The status page: every exporter and target, for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape

from mlvitals import __version__
from mlvitals.core.state import TargetState
from mlvitals.suite import Exporter, Suite

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
.wide { overflow-x: auto; }
.up::before { content: "● "; color: #2a9d4a; } .down::before { content: "● "; color: #d33; }
.first::before { content: "○ "; }
code, pre { font-family: ui-monospace, monospace; } pre { overflow-x: auto; padding: .6rem; border: 1px solid #8884; }
"""


def document(title: str, body: str) -> str:
    """A whole page around a body that is HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · mlvitals</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>'
    )


def page(suite: Suite) -> str:
    """The status page of all exporters."""
    sections = "".join(map(_section, suite.exporters.values())) or "<p>No exporter is configured.</p>"
    footer = (
        '<p><a href="metrics">The process&rsquo;s metrics</a> · <a href="sd">Service discovery</a> · '
        f'<a href="runbooks">Runbooks</a> · mlvitals {__version__}</p>'
    )
    return document("Status", f"<h1>mlvitals</h1>{sections}{footer}")


def _section(exporter: Exporter) -> str:
    name = escape(exporter.settings.name)
    rows = "".join(_rows(exporter))
    return (
        f'<h2><a href="metrics/{name}">{name}</a> <small>{escape(exporter.settings.type)}</small></h2>'
        '<div class="wide"><table><thead><tr><th scope="col">Target</th><th scope="col">State</th>'
        '<th scope="col">Last success</th><th scope="col">Series</th><th scope="col">Last error</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _rows(exporter: Exporter) -> Iterator[str]:
    for name, target in sorted(exporter.runner.state.targets().items()):
        cells = _first_run() if target is None else _cells(target)
        yield f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def _first_run() -> str:
    return '<td class="first">first run</td><td></td><td></td><td></td>'


def _cells(target: TargetState) -> str:
    state = "up" if target.up else "down"
    error = f"{target.failure.reason}: {target.failure.message}" if target.failure else ""
    return (
        f'<td class="{state}">{state}</td><td>{_moment(target.last_success)}</td>'
        f"<td>{target.series}</td><td>{escape(error)}</td>"
    )


def _moment(timestamp: float | None) -> str:
    if timestamp is None:
        return "never"
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(timestamp))
    return f"<time datetime={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(timestamp))}>{text}</time>"
