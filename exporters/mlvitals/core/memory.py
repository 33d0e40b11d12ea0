"""How the C library treats large blocks of memory."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
_LARGE = 1 << 20


def give_large_blocks_back() -> None:
    """Let every block of a mebibyte or more go back to the system when it is freed.

    Otherwise glibc learns from the first large block that is freed to keep up to 64 MiB for each of its arenas: one
    huge answer would leave the process that large for ever. Does nothing where the C library is another one.
    Source: mallopt(3).
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):
        return
