"""A source that reads an Airflow at a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.rest.client import RestClient
from mlvitals.airflow.rest.source import RestSource
from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.settings import http_url


def settings(url: str, **changes: object) -> AirflowSettings:
    """The configuration of an exporter."""
    return AirflowSettings.model_validate({"name": "airflow", "type": "airflow", "url": url, **changes})


@contextmanager
def rest_source(url: str, **changes: object) -> Iterator[RestSource]:
    """A source, closed at the end."""
    made = RestSource(settings(url, **changes), http_url(url))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def rest_client(url: str, **changes: object) -> Iterator[RestClient]:
    """A client, closed at the end."""
    made = RestClient(settings(url, **changes).http(http_url(url)))
    try:
        yield made
    finally:
        made.close()


DATABASE_KEYS = ("username", "password", "password_file", "tls_config")


@contextmanager
def sql_source(url: str, **more: Any) -> Iterator[SqlSource]:
    """A source over the database at a URL, closed at the end."""
    database = {"url": url} | {key: more.pop(key) for key in DATABASE_KEYS if key in more}
    made = AirflowSettings.model_validate({"name": "airflow", "type": "airflow", "database": database, **more})
    assert made.database
    source = SqlSource(made, made.database)
    try:
        yield source
    finally:
        source.close()
