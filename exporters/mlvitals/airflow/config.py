"""Configuration of the Airflow exporter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from mlvitals.core.objectives import about_one_thing
from mlvitals.core.patterns import Patterns
from mlvitals.core.settings import (
    ConfigFile,
    Duration,
    HttpOptions,
    HttpUrl,
    Mistake,
    Settings,
    TlsConfig,
)

_EXPECTED_URL = (
    "expected a URL such as postgresql://host:5432/airflow, mysql://host/airflow or sqlite:////path/airflow.db"
)
_DRIVERS = {"postgresql": ("pg8000",), "mysql": ("pymysql",)}
"""Servers, and the libraries that speak to them."""
_EXPECTED = {"dag": ("success_within", "duration_within", "start_within"), "asset": ("updated_within",)}
"""What an objective can be about -> the keys that say what is expected of it."""


class Objective(Settings):
    """What is expected of DAGs or of assets. For each key, the first entry whose pattern matches wins."""

    dag: str | None = Field(None, description="pattern of DAG ids that the entry speaks of")
    asset: str | None = Field(None, description="pattern of asset URIs that the entry speaks of, instead of dag")
    success_within: Duration | None = Field(None, description="of a DAG: a run succeeds at least this often")
    duration_within: Duration | None = Field(None, description="of a DAG: a run takes at most this long")
    start_within: Duration | None = Field(
        None, description="of a DAG: a run that is due or queued starts at most this much later"
    )
    updated_within: Duration | None = Field(None, description="of an asset: it has an event at least this often")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """An entry about both or neither, or that expects nothing or the other's."""
        yield from about_one_thing(data, _EXPECTED)


def _database_url(value: str) -> str:
    """The URL. Raises ValueError unless it is one of a database that Airflow runs on, without user info."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # Not urlsplit's words: they repeat the text, which may hold a password.
        raise ValueError(f"{_EXPECTED_URL}; host or port is malformed") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials do not belong in a URL: put them beside it, as username and password_file")
    server = parts.scheme in ("postgresql", "mysql") and host
    if not (server or (parts.scheme == "sqlite" and not parts.netloc)) or not parts.path.strip("/"):
        raise ValueError(_EXPECTED_URL)
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without query and fragment; tls_config beside it says how to encrypt")
    if not all(map(find_spec, ("sqlalchemy", *_DRIVERS.get(parts.scheme, ())))):
        raise ValueError("a database is read with libraries that are missing here: pip install 'mlvitals[sql]'")
    return value


class Database(Settings):
    """Airflow's metadata database, read only. The password file is read again for every connection."""

    url: Annotated[str, AfterValidator(_database_url)] = Field(
        description="postgresql://host:5432/name, mysql://host:3306/name or sqlite:////path/airflow.db"
    )
    username: str | None = Field(None, description="role that may read Airflow's tables")
    password: SecretStr | None = Field(None, description="its password")
    password_file: ConfigFile | None = Field(None, description="file that holds the password")
    tls_config: TlsConfig | None = Field(None, description="TLS to the database; without it the connection is plain")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Two passwords, or a password or a server without a role."""
        passwords = data.keys() & {"password", "password_file"}
        if len(passwords) > 1:
            yield (), "expected one of password and password_file"
        if data.get("username"):
            return
        if passwords:
            yield (), "expected username with a password"
        elif str(data.get("url")).startswith(tuple(f"{scheme}:" for scheme in _DRIVERS)):
            yield (), "expected username: the role that reads Airflow's tables"


class AirflowSettings(HttpOptions):
    """One Airflow, read over its REST API (`url`) or from its metadata database (`database`)."""

    default_deadline: ClassVar[float] = 30.0

    url: HttpUrl | None = Field(
        None, description="base URL of Airflow; a path prefix is kept, and /api/v1 or /api/v2 at its end says which API"
    )
    database: Database | None = Field(None, description="the metadata database, instead of url")
    dags: Patterns = Patterns()
    max_dags: int = Field(1000, ge=1, description="DAGs shown, first by id; others count as dropped airflow_dag_paused")
    max_tags: int = Field(20, ge=1, description="tags shown for each DAG; others count as dropped airflow_dag_tag_info")
    max_import_errors: int = Field(
        20,
        ge=1,
        description="files shown that cannot be imported, the newest errors first; "
        "the rest counts as dropped airflow_import_error_timestamp_seconds",
    )
    max_pools: int = Field(
        200, ge=1, description="pools shown, first by name; the rest counts as dropped airflow_pool_open_slots"
    )
    assets: Patterns = Patterns()
    max_assets: int = Field(
        1000,
        ge=1,
        description="assets shown, first by URI; the rest counts as dropped airflow_asset_last_event_timestamp_seconds",
    )
    tasks: Patterns = Field(
        Patterns(include=()), description="patterns of DAG ids whose tasks are shown one by one; default none"
    )
    max_tasks: int = Field(
        100,
        ge=1,
        description="tasks shown for each of these DAGs, first by id; the rest counts as dropped "
        "airflow_task_recent_instances",
    )
    conf_keys: tuple[str, ...] = Field(
        (), description="keys of dag_run.conf whose values are shown, such as model_name"
    )
    max_conf_values: int = Field(
        50,
        ge=1,
        description="values shown for each DAG and key, those of the newest runs first; "
        "the rest counts as dropped airflow_dag_conf_last_run_state",
    )
    max_triggers: int = Field(
        1000,
        ge=1,
        description="pairs of a task and a DAG that it triggers of which the last run is shown, first by id; the rest "
        "counts as dropped airflow_triggered_run_state",
    )
    max_xcom_calls: int = Field(
        20, ge=0, description="XComs read over REST in one collection, to learn which run a task triggered"
    )
    window: Duration = Field(86400.0, description="how far back ended runs and tasks count as recent; default 24h")
    baseline_interval: Duration = Field(
        3600.0, description="time until a deleted run is noticed, and what has changed in old ones; default 1h"
    )
    objectives: tuple[Objective, ...] = ()

    @field_validator("conf_keys")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value) or not all(value):
            raise ValueError("expected each key once, and none empty")
        return value

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Neither source or both, and what belongs to the other one."""
        yield from super().mistakes(data)
        if ("url" in data) == ("database" in data):
            yield (), "expected one of url and database"
        elif "database" in data and "auth" in data:
            yield ("auth",), "is for url; the database has username and password_file of its own"
