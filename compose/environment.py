"""Makes the development environment with nothing but Python: `.venv`, and `.venv-lowest` with the oldest dependencies.

    python3 -m compose.environment [lowest | constraints]

uv comes from PyPI into the cache folder. What is there already and made from the same files is left alone, so this may
run before every command. It runs on the system's Python, whatever its version: only to say which one is needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.cache import MissingError, installed, root

UV = "0.13.9"
OLDEST_PYTHON = (3, 11)
CHECKOUT = Path(__file__).resolve().parent.parent
CONSTRAINTS = CHECKOUT / "constraints.txt"
REQUIREMENTS = CHECKOUT / "compose/requirements"
"""Of the servers that live in an environment of their own: what is wanted (`.in`) and everything pinned (`.txt`)."""
# What the unit tests need beside the package itself, at the versions of constraints.txt.
TEST_TOOLS = ("hypothesis", "pytest", "pytest-rerunfailures", "pytest-timeout", "pytest-xdist", "trustme")


def develop() -> None:
    """`.venv`: the package, editable, with all that its development needs at the pinned versions."""
    folder = CHECKOUT / ".venv"
    with _made(folder) as missing:
        if missing:
            pins = ("--constraints", str(CONSTRAINTS), "--build-constraints", str(CONSTRAINTS))
            _install(folder, *pins, "--editable", ".[dev]")


def lowest() -> None:
    """`.venv-lowest`: the package on the oldest releases of its dependencies that it says it works with."""
    folder = CHECKOUT / ".venv-lowest"
    with _made(folder) as missing:
        if missing:
            _install(folder, "--resolution", "lowest-direct", "--editable", ".[dashboards,evidently,hdfs,sql]")
            pins = folder / "constraints.txt"
            pins.write_text("\n".join(_pins_around(folder)))
            _install(folder, "--constraints", str(pins), *TEST_TOOLS)


def _pins_around(folder: Path) -> list[str]:
    """What is in the environment stays; everything else as in constraints.txt."""
    frozen = uv("pip", "freeze", "--quiet", "--exclude-editable", "--python", str(folder / "bin/python")).splitlines()
    kept = {line.partition("==")[0] for line in frozen}
    return frozen + [line for line in CONSTRAINTS.read_text().splitlines() if line.partition("==")[0] not in kept]


def constraints() -> None:
    """Write constraints.txt and the pins of the servers anew.

    They are the newest releases that fit together, for every Python from the oldest on.
    """
    _compile(CONSTRAINTS, "--extra", "dev", "pyproject.toml", "-", stdin="hatchling\neditables\n")
    for wanted in sorted(REQUIREMENTS.glob("*.in")):
        _compile(wanted.with_suffix(".txt"), str(wanted))


def _compile(pins: Path, *sources: str, stdin: str = "") -> None:
    options = ("--no-emit-index-url", "--no-header", "--no-annotate", "--universal", "--upgrade", "--quiet")
    oldest = ".".join(map(str, OLDEST_PYTHON))
    uv("pip", "compile", *options, "--python-version", oldest, "-o", str(pins), *sources, stdin=stdin)


def wheel(source: Path, output: Path) -> Path:
    """Build the wheel of the distribution in `source` into the folder `output`."""
    output.mkdir(parents=True, exist_ok=True)
    before = set(output.glob("*.whl"))
    build = ("--wheel", "--quiet", "--build-constraints", str(CONSTRAINTS), "--out-dir", str(output))
    uv("build", *build, str(source))
    (made,) = set(output.glob("*.whl")) - before
    return made


def clean(folder: Path, *requirements: str) -> None:
    """An environment at `folder` with nothing but these and what they need, at the versions of constraints.txt."""
    uv("venv", "--quiet", "--python", _python(), str(folder))
    pip = ("--quiet", "--constraints", str(CONSTRAINTS), "--build-constraints", str(CONSTRAINTS))
    uv("pip", "install", *pip, "--python", str(folder / "bin/python"), *requirements)


def of_server(name: str) -> Path:
    """The environment of a server, with exactly the pins of `<name>.txt` in REQUIREMENTS, in the cache folder.

    Raises MissingError when they cannot be installed.
    """
    pins = REQUIREMENTS / f"{name}.txt"

    def build(folder: Path) -> None:
        # Relocatable, because the folder gets its name when it is complete.
        uv("venv", "--quiet", "--relocatable", "--allow-existing", "--python", _python(), str(folder))
        _install(folder, "--compile-bytecode", "--requirements", str(pins))

    return installed(name, [pins.read_text(), UV, sys.version, _python()], build)


@contextmanager
def _made(folder: Path) -> Iterator[bool]:
    """Whether the environment is still to be filled; it counts as made when the block ends well."""
    stamp = folder / "made-from"
    wanted = _stamp()
    if stamp.exists() and stamp.read_text() == wanted:
        yield False
        return
    start = time.monotonic()
    print(f"making {folder.name} …", flush=True)
    uv("venv", "--quiet", "--clear", "--python", _python(), str(folder))
    yield True
    stamp.write_text(wanted)
    print(f"made {folder.name} in {time.monotonic() - start:.0f} s", flush=True)


def _install(folder: Path, *arguments: str) -> None:
    uv("pip", "install", "--quiet", "--python", str(folder / "bin/python"), *arguments)


def _stamp() -> str:
    """What an environment is made from. The path counts: the package is installed editable."""
    files = (CHECKOUT / "pyproject.toml", CONSTRAINTS, Path(__file__))
    parts = [sys.version, UV, str(CHECKOUT), *(file.read_text() for file in files)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def uv(*arguments: str, stdin: str = "") -> str:
    """Run uv in the checkout; what it prints. Raises MissingError when it fails; its messages are on standard error."""
    environment = {"UV_CACHE_DIR": str(root() / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
    # An environment that is active in the caller's shell is not meant.
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    command = [str(installed("uv", [UV, sys.platform, os.uname().machine], _bootstrap) / "uv"), *arguments]
    output = subprocess.PIPE
    run = subprocess.run(
        command, cwd=CHECKOUT, env=environment | kept, input=stdin, stdout=output, text=True, check=False
    )
    if run.returncode:
        raise MissingError(f"`uv {' '.join(arguments[:2])}` failed{_certificates_hint()}")
    return run.stdout


def _bootstrap(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise MissingError("python3-venv is missing: apt-get install python3-venv")
    venv = folder / "venv"
    pip = [str(venv / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for command in ([_python(), "-m", "venv", str(venv)], [*pip, "install", "--only-binary=:all:", f"uv=={UV}"]):
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            raise MissingError(f"cannot install uv {UV} with pip{_certificates_hint()}")
    (venv / "bin/uv").rename(folder / "uv")
    shutil.rmtree(venv)


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
