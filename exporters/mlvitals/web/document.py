"""The frame of every page for people: one style, no script, no build step."""

from __future__ import annotations

import base64
import hashlib
from html import escape

_STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --pale: #57606a; --link: #0550ae; --line: #8885;
  --up: #1a7f37; --down: #c4281c; font: 16px/1.5 system-ui, sans-serif; background: var(--page); color: var(--text); }
@media (prefers-color-scheme: dark) {
  :root { --page: #121417; --text: #e6e8eb; --pale: #a3abb5; --link: #79b8ff; --up: #4ac26b; --down: #ff7b72; }
}
a { color: var(--link); }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { margin: .5rem 0; } h2 { margin: 2rem 0 .25rem; } small { font-weight: normal; color: var(--pale); }
section > p { margin: .25rem 0 .5rem; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th[scope=row] { font-weight: 600; }
@media (min-width: 40.01rem) { /* the same columns in every table of targets */
  .targets { table-layout: fixed; } .targets td:nth-child(2) { white-space: nowrap; }
  .targets th:nth-child(1) { width: 17%; } .targets th:nth-child(2), .targets th:nth-child(4) { width: 10%; }
  .targets th:nth-child(3) { width: 18%; }
}
details { font-size: .9rem; margin: .25rem 0 .5rem; } details li { margin: .2rem 0; }
.summary { font-size: 1.25rem; font-weight: 600; }
/* The second form, where it is known, keeps the sign from screen readers: the word beside it says the same. */
.up::before { content: "●\\A0"; content: "●\\A0" / ""; color: var(--up); }
.down::before { content: "▲\\A0"; content: "▲\\A0" / ""; color: var(--down); }
.first::before { content: "○\\A0"; content: "○\\A0" / ""; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { white-space: pre-wrap; padding: .6rem; border: 1px solid var(--line); border-radius: .25rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); }
@media (max-width: 40rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td, th[scope=row] { display: block; border: 0; padding: .1rem 0; white-space: normal; } td:empty { display: none; }
  td[data-name]::after { content: " (" attr(data-name) ")"; color: var(--pale); }
}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but this very style is allowed: what an upstream system says can be no more than text."""

REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For documents of others, with scripts of their own: these draw, load nothing, and read nothing here."""


def document(title: str, body: str) -> str:
    """A whole page around a body that is HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · mlvitals</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
