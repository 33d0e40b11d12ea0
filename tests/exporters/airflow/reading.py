"""A source that reads an Airflow at a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.rest.client import RestClient
from mlvitals.airflow.rest.source import RestSource
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
