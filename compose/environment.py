"""Makes the development environment with nothing but Python: `.venv`, and `.venv-lowest` with the oldest dependencies.

    python3 -m compose.environment [lowest | constraints]

uv comes from PyPI into the cache folder. What is there already and made from the same files is left alone, so this may
run before every command. It runs on the system's Python, whatever its version: only to say which one is needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path

from compose.cache import MissingError, installed, root

UV = "0.13.9"
OLDEST_PYTHON = (3, 11)
CHECKOUT = Path(__file__).resolve().parent.parent
CONSTRAINTS = CHECKOUT / "constraints.txt"
# What the unit tests need beside the package itself, at the versions of constraints.txt.
TEST_TOOLS = ("hypothesis", "pytest", "pytest-timeout", "pytest-xdist", "trustme")


def develop() -> None:
    """`.venv`: the package, editable, with all that its development needs at the pinned versions."""
    pip = ("--constraints", str(CONSTRAINTS), "--build-constraints", str(CONSTRAINTS), "--editable", ".[dev]")
    _make(CHECKOUT / ".venv", [pip])


def lowest() -> None:
    """`.venv-lowest`: the package on the oldest releases of its dependencies that it says it works with."""
    package = ("--resolution", "lowest-direct", "--editable", ".[dashboards]")
    _make(CHECKOUT / ".venv-lowest", [package, ("--constraints", str(CONSTRAINTS), *TEST_TOOLS)])


def constraints() -> None:
    """Write constraints.txt anew: the newest releases that fit together, for every Python from the oldest on."""
    options = ("--no-emit-index-url", "--no-header", "--no-annotate", "--universal", "--upgrade", "--quiet")
    sources = ("--extra", "dev", "pyproject.toml", "-")
    oldest = ".".join(map(str, OLDEST_PYTHON))
    build_system = "hatchling\neditables\n"
    _uv("pip", "compile", *options, "--python-version", oldest, "-o", str(CONSTRAINTS), *sources, stdin=build_system)


def wheel(source: Path, output: Path) -> Path:
    """Build the wheel of the distribution in `source` into the folder `output`."""
    output.mkdir(parents=True, exist_ok=True)
    before = set(output.glob("*.whl"))
    build = ("--wheel", "--quiet", "--build-constraints", str(CONSTRAINTS), "--out-dir", str(output))
    _uv("build", *build, str(source))
    (made,) = set(output.glob("*.whl")) - before
    return made


def clean(folder: Path, *requirements: str) -> None:
    """An environment at `folder` with nothing but these and what they need, at the versions of constraints.txt."""
    _uv("venv", "--quiet", "--python", _python(), str(folder))
    pip = ("--quiet", "--constraints", str(CONSTRAINTS), "--build-constraints", str(CONSTRAINTS))
    _uv("pip", "install", *pip, "--python", str(folder / "bin/python"), *requirements)


def _make(folder: Path, installs: list[tuple[str, ...]]) -> None:
    stamp = folder / "made-from"
    wanted = _stamp(installs)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    start = time.monotonic()
    print(f"making {folder.name} …", flush=True)
    _uv("venv", "--quiet", "--clear", "--python", _python(), str(folder))
    for arguments in installs:
        _uv("pip", "install", "--quiet", "--python", str(folder / "bin/python"), *arguments)
    stamp.write_text(wanted)
    print(f"made {folder.name} in {time.monotonic() - start:.0f} s", flush=True)


def _stamp(installs: list[tuple[str, ...]]) -> str:
    """What an environment is made from. The path counts: the package is installed editable."""
    parts: list[object] = [sys.version, UV, str(CHECKOUT), installs]
    parts += [(CHECKOUT / name).read_text() for name in ("pyproject.toml", CONSTRAINTS.name)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _uv(*arguments: str, stdin: str = "") -> None:
    environment = {"UV_CACHE_DIR": str(root() / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
    # An environment that is active in the caller's shell is not meant.
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    command = [str(installed("uv", [UV, sys.platform, os.uname().machine], _bootstrap) / "uv"), *arguments]
    run = subprocess.run(command, cwd=CHECKOUT, env=environment | kept, input=stdin, text=True, check=False)
    if run.returncode:
        raise MissingError(f"`uv {' '.join(arguments[:2])}` failed{_certificates_hint()}")


def _bootstrap(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise MissingError("python3-venv is missing: apt-get install python3-venv")
    venv = folder / "venv"
    pip = [str(venv / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for command in ([_python(), "-m", "venv", str(venv)], [*pip, "install", "--only-binary=:all:", f"uv=={UV}"]):
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            raise MissingError(f"cannot install uv {UV} with pip{_certificates_hint()}")
    (venv / "bin/uv").rename(folder / "uv")


def _certificates_hint() -> str:
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        return ""
    return "; ca-certificates is missing: apt-get install ca-certificates"


def _python() -> str:
    """The Python behind this one: the environment that is made anew may be the active one."""
    return str(getattr(sys, "_base_executable", sys.executable))


def main(arguments: list[str]) -> None:
    """Make what the first argument names; without one, the development environment."""
    if sys.version_info < OLDEST_PYTHON:
        raise MissingError(
            "Python {}.{} or newer is needed, {} is {}.{}: set PYTHON, as in `make PYTHON=python3.12`".format(
                *OLDEST_PYTHON, sys.executable, *sys.version_info
            )
        )
    {"develop": develop, "lowest": lowest, "constraints": constraints}[arguments[0] if arguments else "develop"]()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except MissingError as error:
        sys.exit(f"error: {error}")
