"""The frame of every page for people: one style, no script, no build step."""

from __future__ import annotations

import base64
import hashlib
from html import escape

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --up: #1a7f37; --down: #c4281c; font: 16px/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --up: #4ac26b; --down: #ff7b72; } }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { margin: .5rem 0; } h2 { margin: 2rem 0 .25rem; } small { font-weight: normal; opacity: .75; }
section > p { margin: .25rem 0 .5rem; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th[scope=row] { font-weight: 600; } thead th, th[scope=row], td:nth-child(2) { white-space: nowrap; }
details { font-size: .9rem; margin: .25rem 0 .5rem; } details li { margin: .2rem 0; }
.wide { overflow-x: auto; }
.summary { font-size: 1.25rem; font-weight: 600; }
.up::before { content: "●\\A0"; color: var(--up); } .down::before { content: "▲\\A0"; color: var(--down); }
.first::before { content: "○\\A0"; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); border-radius: .25rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); }
@media (max-width: 40rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td, th[scope=row] { display: block; border: 0; padding: .1rem 0; white-space: normal; } td:empty { display: none; }
  td[data-name]::after { content: " (" attr(data-name) ")"; opacity: .75; }
}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but this very style is allowed: what an upstream system says can be no more than text."""


def document(title: str, body: str, *, refresh: int = 0) -> str:
    """A whole page around a body that is HTML already; `refresh` reloads it every so many seconds."""
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · mlvitals</title>{again}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
