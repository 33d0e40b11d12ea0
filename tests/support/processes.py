"""Processes of this machine, as the kernel tells."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path


def working_in(folder: Path) -> list[str]:
    """The command lines of all processes that work in the folder or have its path in their environment."""
    return [_text(process / "cmdline").replace("\0", " ") for process in _processes(folder)]


def addresses(folder: Path) -> set[str]:
    """The IPv4 and IPv6 addresses on which these processes listen for TCP."""
    inodes = {inode for process in _processes(folder) for inode in _sockets(process)}
    lines = [line.split() for name in ("tcp", "tcp6") for line in _text(Path("/proc/net") / name).splitlines()[1:]]
    return {_address(line[1]) for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in inodes}


def _processes(folder: Path) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = (process / "cwd").readlink().is_relative_to(folder)
        except OSError:
            continue
        if inside or str(folder) in _text(process / "environ"):
            yield process


def _sockets(process: Path) -> Iterator[str]:
    for descriptor in (process / "fd").glob("*"):
        try:
            yield str(descriptor.readlink())
        except OSError:
            continue


def _address(text: str) -> str:
    """Of `0100007F:1F90`: words of four bytes in the machine's order, then the port."""
    packed = bytes.fromhex(text.partition(":")[0])
    words = [packed[start : start + 4][::-1] for start in range(0, len(packed), 4)]
    return str(ipaddress.ip_address(b"".join(words)))


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
