"""Leaves the widgets out of a snapshot's JSON while it is read: they are nearly all of its bytes.

No library that reads JSON piece by piece takes the bare NaN that Evidently writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_KEY = re.compile(rb'"(?:widget|widgets|tests_widgets)"\s{0,8}:\s{0,8}(?=[\[{])')
_LONGEST = 40
"""No match of _KEY is longer."""
_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
"""The rest of a string. A backslash at the very end is not part of it: what it escapes comes with the next piece."""
_FLAT = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+', re.DOTALL)
"""Everything up to a bracket, or to a string that does not end here."""


def without_widgets(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same JSON with `null` for each list or object under a key of widgets. What is no JSON stays none."""
    sieve = _Sieve()
    for piece in pieces:
        yield sieve.sift(piece)
    yield sieve.sift(b" " * _LONGEST)


class _Sieve:
    def __init__(self) -> None:
        self._rest = b""
        self._in_string = False
        self._depth = 0
        """Brackets that are open within what is left out; 0 outside of it."""

    def sift(self, piece: bytes) -> bytes:
        """What there is to keep; some bytes of a piece come with the next one."""
        text, at = self._rest + piece, 0
        kept = []
        while at < len(text):
            end, part = self._step(text, at)
            if end == at:
                break
            if part:
                kept.append(part)
            at = end
        self._rest = text[at:]
        return b"".join(kept)

    def _step(self, text: bytes, at: int) -> tuple[int, bytes]:
        """The end of what is alike from here on, and what is kept of it."""
        if self._in_string:
            match = _match(_STRING, text, at)
            self._in_string = not match[1]
            return match.end(), b"" if self._depth else match[0]
        return self._left_out(text, at) if self._depth else self._up_to_string(text, at)

    def _left_out(self, text: bytes, at: int) -> tuple[int, bytes]:
        end = _match(_FLAT, text, at).end()
        mark = text[end : end + 1]
        self._in_string = mark == b'"'
        self._depth += (mark in (b"[", b"{")) - (mark in (b"]", b"}"))
        return end + len(mark), b""

    def _up_to_string(self, text: bytes, at: int) -> tuple[int, bytes]:
        start = text.find(b'"', at)
        if start < 0:
            return len(text), text[at:]
        if len(text) - start < _LONGEST:
            return start, text[at:start]
        if key := _KEY.match(text, start):
            self._depth = 1
            return key.end() + 1, text[at : key.end()] + b"null"
        self._in_string = True
        return start + 1, text[at : start + 1]


def _match(pattern: re.Pattern[bytes], text: bytes, at: int) -> re.Match[bytes]:
    match = pattern.match(text, at)
    if match is None:
        raise AssertionError("both patterns match nothing too")
    return match
