"""Debian's packages of servers, unpacked but not installed, and made to run from where they are.

Installing them would start daemons, some on all interfaces, and needs root; this starts nothing and needs neither root
nor up-to-date package lists.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from compose.cache import MissingError, installed

APT = ("-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30", "-qq")
# What the pages of Debian's Prometheus load. moment-timezone is 200 MB, and they do without.
PAGE_PARTS = re.compile(r"^(?:libjs-(?!moment-timezone)|fonts-)\S+$", re.MULTILINE)
# Libraries that a system may lack. Its C library stays, and LLVM is 100 MB for what is turned off.
LIBRARIES = re.compile(r"^(?:lib(?!c6|c-|llvm|z3|elogind|perl|\S*-perl)\S+|zlib1g)$", re.MULTILINE)
# The daemons read templates and pages from this folder. Their unpacked copies find it as an open descriptor instead;
# both names are equally long, so one takes the other's place in the program.
SHARE = b"/usr/share/prometheus/"
SHARE_DESCRIPTOR = b"/proc/self/fd/9/./././"
LAUNCHER = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec 9<"$here/tree/usr/share/prometheus" || exit
exec "$here/tree/usr/bin/{file}" "$@"
"""


def system() -> object:
    """What decides which packages there are: part of the pins of what is made from them."""
    release = Path("/etc/os-release")
    return [platform.machine(), release.read_text() if release.exists() else ""]


def unpacked(name: str, packages: Sequence[str], parts: re.Pattern[str]) -> Path:
    """The folder of `unpack` in the cache folder, filled once."""
    pins = [packages, parts.pattern, system()]
    return installed(name, pins, lambda folder: unpack(packages, parts, folder))


def unpack(packages: Sequence[str], parts: re.Pattern[str], folder: Path) -> None:
    """Fetch the packages and of all that they depend on what is named like `parts`; unpack all into `<folder>/tree`.

    Raises MissingError with what apt says.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise MissingError(f"{tool} is missing, so Debian's packages cannot be fetched")
    work = folder / "downloads"
    work.mkdir()
    options = _download(packages, work)
    _download_parts(packages, parts, work, options)
    for package in work.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(package), str(folder / "tree")], work)
    shutil.rmtree(work)


def env(folder: Path) -> dict[str, str]:
    """What programs of the tree run with: this process's environment, and their libraries before the system's."""
    libraries = [*folder.glob("tree/usr/lib/*-linux-*"), *folder.glob("tree/lib/*-linux-*")]
    return os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, libraries)), "LC_ALL": "C"}


def launcher(folder: Path, file: str, name: str) -> Path:
    """Make `<folder>/<name>`, which runs `usr/bin/<file>` of the tree wherever the folder is moved."""
    target, binary = folder / name, folder / "tree/usr/bin" / file
    program = binary.read_bytes()
    if SHARE in program:
        binary.write_bytes(program.replace(SHARE, SHARE_DESCRIPTOR))
        target.write_text(LAUNCHER.format(file=file))
        target.chmod(0o755)
    else:
        target.symlink_to(binary.relative_to(folder))
    return target


def _download(packages: Sequence[str], work: Path) -> list[str]:
    """Download with the system's package lists, else with private ones that are fetched now; the options that did."""
    try:
        _run(["apt-get", *APT, "download", *packages], work)
    except MissingError:
        private = [*APT, "-o", f"Dir::State::lists={work}/lists", "-o", f"Dir::Cache={work}/cache"]
        for folder in ("lists/partial", "cache/archives/partial"):
            (work / folder).mkdir(parents=True)
        # One source that cannot be read must not hide the others: only the download decides.
        update = _call(["apt-get", *private, "update"], work)
        _run(["apt-get", *private, "download", *packages], work, update.stderr)
        return private
    return list(APT)


def _download_parts(packages: Sequence[str], parts: re.Pattern[str], work: Path, options: Sequence[str]) -> None:
    """Best effort: without its pages a server works, and most systems have most libraries."""
    only = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    known = _call(["apt-cache", *options, "depends", "--recurse", *only, *packages], work).stdout
    if found := sorted(set(parts.findall(known))):
        _call(["apt-get", *options, "download", *found], work)


def _run(command: Sequence[str], work: Path, before: str = "") -> None:
    run = _call(command, work)
    if run.returncode:
        said = "\n".join((before + run.stderr).strip().splitlines()[-8:])
        raise MissingError(f"{command[0]} says:\n{said}")


def _call(command: Sequence[str], work: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"LC_ALL": "C"}
    return subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
