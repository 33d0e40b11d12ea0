"""A real PostgreSQL of Debian, on loopback, with passwords."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose import debian
from compose.cache import MissingError
from compose.processes import Server, free_port, output

# The package of this name depends on the one of the release.
PACKAGE = "postgresql"
PARTS = re.compile(rf"{debian.LIBRARIES.pattern}|^postgresql-(?:client-)?\d+$", re.MULTILINE)
SUPERUSER = "postgres"
NOBODY = 65534
# Losing its data with the machine is no loss here; LLVM is not there.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "jit": "off",
}


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL: its port on 127.0.0.1, the password of its superuser `postgres`, its process."""

    port: int
    password: str
    server: Server
    _psql: Path
    _env: Mapping[str, str]

    def create_database(self, name: str) -> str:
        """Make an empty database; SQLAlchemy's URL of it, with the superuser and psycopg2."""
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg2://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{name}"

    def sql(self, statements: str, database: str = SUPERUSER) -> str:
        """What psql prints for the superuser's statements: rows, columns apart by |. Raises ServerError."""
        where = ("--host=127.0.0.1", f"--port={self.port}", f"--username={SUPERUSER}", f"--dbname={database}")
        options = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
        return output([self._psql, *where, *options], {**self._env, "PGPASSWORD": self.password}, statements)


@contextmanager
def postgres_server(folder: Path) -> Iterator[Postgres]:
    """Run it with its state in `folder`, which exists. Yields when it serves, a second or two later.

    Raises MissingError when it cannot be fetched, ServerError when it does not start.
    """
    fetched = debian.unpacked("postgresql", [PACKAGE], PARTS)
    programs, env = _programs(fetched), debian.env(fetched)
    data, port, password = folder / "postgres-data", free_port(), secrets.token_urlsafe(12)
    _make(programs, data, env, password)
    settings = [f"-c{name}={value}" for name, value in (SETTINGS | {"port": str(port)}).items()]
    command = [*_unprivileged(), programs / "postgres", "-D", data, *settings]
    ready: list[str | Path] = [programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]

    def serves() -> bool:
        return subprocess.run(ready, env=env, check=False).returncode == 0

    # SIGTERM would wait until every client has gone.
    with Server("postgres", command, folder, serves, env, signal.SIGINT) as server:
        yield Postgres(port, password, server, programs / "psql", env)


def _programs(fetched: Path) -> Path:
    for server in fetched.glob("tree/usr/lib/postgresql/*/bin/postgres"):
        return server.parent
    raise MissingError(f"there is no PostgreSQL in Debian's package {PACKAGE}")


def _make(programs: Path, data: Path, env: Mapping[str, str], password: str) -> None:
    """An empty cluster. The password goes by standard input, where nobody else sees it."""
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, NOBODY, NOBODY)
    options = ("--username", SUPERUSER, "--auth=scram-sha-256", "--pwfile=/dev/stdin", "--encoding=UTF8", "--no-sync")
    output([*_unprivileged(), programs / "initdb", "-D", data, *options], env, password)


def _unprivileged() -> list[str | Path]:
    """PostgreSQL refuses to run as root: what to put before its command there.

    As nobody it keeps root's way through folders: the cache and temporary folders may be closed to others. The kernel
    forgets to signal the death of the parent when the user changes, so that is said again.
    """
    if os.geteuid() != 0:
        return []
    user = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--securebits=+no_setuid_fixup")
    rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return ["setpriv", *user, *rights, "--pdeathsig=INT"]
