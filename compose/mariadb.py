"""A real MariaDB of Debian, on loopback, with a password."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose import debian
from compose.processes import Server, free_port, output

# The package mariadb-server itself would bring what starts it with the machine.
PACKAGES = ("mariadb-client-core", "mariadb-server-core")
USER = "airflow"
# Airflow asks for the first two. Losing its data with the machine is no loss here.
SETTINGS = (
    "--explicit-defaults-for-timestamp=1",
    "--character-set-server=utf8mb4",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
)


@dataclass(frozen=True)
class MariaDB:
    """A running MariaDB: its port on 127.0.0.1, the password of its user `airflow`, who may do all, its process."""

    port: int
    password: str
    server: Server
    _client: Path
    _env: Mapping[str, str]

    def create_database(self, name: str) -> str:
        """Make an empty database; SQLAlchemy's URL of it, with that user and PyMySQL."""
        self.sql(f"CREATE DATABASE {name} COLLATE utf8mb4_unicode_ci")
        return f"mysql+pymysql://{USER}:{self.password}@127.0.0.1:{self.port}/{name}"

    def sql(self, statements: str, database: str = "mysql") -> str:
        """What its client prints for the user's statements: rows, columns apart by tabs. Raises ServerError."""
        options = ("--no-defaults", "--host=127.0.0.1", f"--port={self.port}", f"--user={USER}", "--skip-column-names")
        return output([self._client, *options, database], {**self._env, "MYSQL_PWD": self.password}, statements)


@contextmanager
def mariadb_server(folder: Path) -> Iterator[MariaDB]:
    """Run it with its state in `folder`, which exists. Yields when it serves, some seconds later.

    Raises MissingError when it cannot be fetched, ServerError when it does not start.
    """
    fetched = debian.unpacked("mariadb", PACKAGES, debian.LIBRARIES)
    base, env, data = fetched / "tree/usr", debian.env(fetched), folder / "mariadb-data"
    # As root it runs only when it is told to.
    options = [
        "--no-defaults",
        f"--basedir={base}",
        f"--datadir={data}",
        *(["--user=root"] if os.geteuid() == 0 else []),
    ]
    output([base / "bin/mariadb-install-db", *options, "--skip-test-db"], env)
    port, password = free_port(), secrets.token_urlsafe(12)
    options += [f"--port={port}", "--socket=mariadb.sock", f"--init-file={_users(folder, password)}", *SETTINGS]

    def serves() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
            return bool(connection.recv(1))  # it greets first
        return False

    with Server("mariadb", [base / "sbin/mariadbd", *options], folder, serves, env) as server:
        yield MariaDB(port, password, server, base / "bin/mariadb", env)


def _users(folder: Path, password: str) -> Path:
    """A file of statements that make the user. It is read at every start."""
    file = folder / "users.sql"
    file.touch(mode=0o600)
    user = f"{USER}@'127.0.0.1'"
    file.write_text(
        f"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{password}';\nGRANT ALL ON *.* TO {user} WITH GRANT OPTION;\n"
    )
    return file
