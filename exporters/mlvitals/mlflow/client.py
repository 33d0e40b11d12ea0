"""MLflow's REST API 2.0, as far as the exporter reads it: typed, paged and quoted.

Sources: https://mlflow.org/docs/latest/rest-api.html, and what MLflow 3.17 was seen to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.outbound import Client
from mlvitals.core.paging import PageSize
from mlvitals.mlflow import answers
from mlvitals.mlflow.answers import (
    Experiment,
    ModelVersion,
    RegisteredModel,
    Run,
    RunInfo,
)
from mlvitals.mlflow.config import MlflowSettings

API = "api/2.0/mlflow"
MAX_PAGES = 10_000
OBJECTS_A_PAGE = 1000
VERSIONS_A_PAGE = 2000
# A run comes with all its parameters and tags, some kilobytes; this many hold the server up for about a second.
RUNS_A_PAGE = 500
# MLflow takes more, Databricks and older releases do not.
IN_LIST = 100
# The filter of a GET stands in the request line, which proxies cut at 8 KiB.
FILTER_LENGTH = 4000

_ERROR = TypeAdapter(dict[str, Any])


class _Page(Protocol):
    @property
    def next_page_token(self) -> str: ...


P = TypeVar("P", bound=_Page)
T = TypeVar("T")


class RunPage(NamedTuple):
    """A page of runs; the last one says so, so that nobody has to ask whether there is another."""

    runs: tuple[RunInfo, ...]
    last: bool


class MlflowClient:
    """The calls that the exporter makes. Used by one collection at a time; raises UpstreamError only."""

    def __init__(self, settings: MlflowSettings) -> None:
        self._http = Client(settings, explain=_Explain(settings.url))
        self._object_size, self._version_size = PageSize(OBJECTS_A_PAGE), PageSize(VERSIONS_A_PAGE)
        self._run_size = PageSize(RUNS_A_PAGE)

    @property
    def clock(self) -> float | None:
        """The server's clock at its last answer, Unix time in seconds; None when it does not tell."""
        return self._http.clock

    def models(self, deadline: Deadline) -> Iterator[RegisteredModel]:
        """All registered models, by name, prompts left out."""
        ask = {"order_by": "name ASC"}
        read = self._search(self._http.get, "registered-models", answers.MODELS, ask, self._object_size, deadline)
        return _items(read, lambda page: page.registered_models, lambda model: model.name)

    def versions(self, names: Iterable[str], deadline: Deadline) -> Iterator[tuple[ModelVersion, ...]]:
        """Pages of all versions of the models in one batch of `batches`."""
        wanted = set(names)
        ask = {"filter": _named(wanted), "order_by": "name ASC"}
        read = self._search(self._http.get, "model-versions", answers.VERSIONS, ask, self._version_size, deadline)
        for page, _ in _pages(read, lambda page: page.model_versions, lambda version: (version.name, version.version)):
            yield tuple(version for version in page if version.name in wanted)

    def experiments(self, deadline: Deadline) -> Iterator[Experiment]:
        """All experiments, by name, deleted ones too: an alias may stand on a run of a deleted experiment."""
        ask = {"view_type": "ALL", "order_by": ["name ASC"]}
        read = self._search(self._http.post, "experiments", answers.EXPERIMENTS, ask, self._object_size, deadline)
        return _items(read, lambda page: page.experiments, lambda experiment: experiment.experiment_id)

    def runs(
        self, experiment_ids: Iterable[str], deadline: Deadline, *, where: str = "", order: str, most: int = 0
    ) -> Iterator[RunPage]:
        """Pages of runs that are not deleted; `most` limits them to the first so many."""
        ids = list(experiment_ids)
        if not ids:
            return
        ask = {"experiment_ids": ids, "filter": where, "order_by": [order], "run_view_type": "ACTIVE_ONLY"}
        read = self._search(self._http.post, "runs", answers.RUN_HEADERS, ask, self._run_size, deadline, most)
        for page, last in _pages(read, lambda page: page.runs, lambda run: run.info.run_id):
            yield RunPage(tuple(run.info for run in page), last or most > 0)
            if most:
                return

    def runs_by_id(self, run_ids: Iterable[str], experiment_ids: Iterable[str], deadline: Deadline) -> tuple[Run, ...]:
        """At most 100 runs with their metrics, deleted ones too; unknown ones are left out."""
        if not (ask := _by_id(run_ids, experiment_ids)):
            return ()
        return self._http.post(f"{API}/runs/search", answers.RUNS, deadline, ask | {"max_results": IN_LIST}).runs

    def run_headers_by_id(
        self, run_ids: Iterable[str], experiment_ids: Iterable[str], deadline: Deadline
    ) -> tuple[RunInfo, ...]:
        """At most 100 runs without their metrics, deleted ones too; unknown ones are left out."""
        if not (ask := _by_id(run_ids, experiment_ids)):
            return ()
        read = self._search(self._http.post, "runs", answers.RUN_HEADERS, ask, self._run_size, deadline, IN_LIST)
        return tuple(run.info for run in _items(read, lambda page: page.runs, lambda run: run.info.run_id))

    def version(self, deadline: Deadline) -> str | None:
        """MLflow's version; None when something before the server keeps `/version` from us."""
        try:
            body = self._http.send("GET", "version", deadline)
        except UpstreamError as error:
            if error.reason in ("http", "auth"):
                return None
            raise
        match = re.fullmatch(rb"\s*([0-9A-Za-z.+-]{1,64})\s*", body)
        return match[1].decode() if match else None

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _search(
        self,
        call: Callable[[str, TypeAdapter[P], Deadline, Mapping[str, object]], P],
        what: str,
        into: TypeAdapter[P],
        ask: Mapping[str, object],
        size: PageSize,
        deadline: Deadline,
        most: int = 0,
    ) -> Callable[[str], P]:
        """Reads the page that a token names, of as many objects as fit, or of `most`."""
        path = f"{API}/{what}/search"

        def read(token: str) -> P:
            at = {**ask, "page_token": token} if token else ask
            return size(lambda fit: call(path, into, deadline, {**at, "max_results": min(fit, most or fit)}))

        return read


def _by_id(run_ids: Iterable[str], experiment_ids: Iterable[str]) -> dict[str, object]:
    """What to ask for these runs; nothing when there are none."""
    quoted = ",".join(f"'{run_id}'" for run_id in run_ids if is_run_id(run_id))
    ids = list(experiment_ids)
    if not quoted or not ids:
        return {}
    return {"experiment_ids": ids, "filter": f"attributes.run_id IN ({quoted})", "run_view_type": "ALL"}


def is_run_id(text: str) -> bool:
    """True for what can be a run id; nothing else is put into a filter."""
    return re.fullmatch(r"[0-9A-Za-z_-]{1,64}", text) is not None


def batches(names: Iterable[str]) -> Iterator[list[str]]:
    """Names in groups that one filter can hold, in their order; one that cannot be quoted stands alone."""
    batch: list[str] = []
    length = 0
    for name in names:
        size = len(quote(name)) + 8
        full = len(batch) == IN_LIST or length + size > FILTER_LENGTH
        if batch and (full or not (_plain(name) and _plain(batch[0]))):
            yield batch
            batch, length = [], 0
        batch.append(name)
        length += size
    if batch:
        yield batch


def _plain(name: str) -> bool:
    return name.isprintable() and not re.search(r"""['"`\\]""", name)


def _named(names: set[str]) -> str:
    """A filter for at least these models. MLflow's grammar has no way to write a quote, so LIKE's `_` stands for it."""
    if all(map(_plain, names)):
        return "name IN (" + ",".join(f"'{name}'" for name in sorted(names)) + ")"
    (name,) = names
    return "name LIKE '" + re.sub(r"[^\w ]", "_", name) + "'"


def _pages(
    read: Callable[[str], P], items: Callable[[P], Iterable[T]], identity: Callable[[T], Hashable]
) -> Iterator[tuple[tuple[T, ...], bool]]:
    """Pages of items, and whether it is the last. Tokens are offsets: what is added pushes items on to the next one."""
    token, before = "", set[Hashable]()
    for _ in range(MAX_PAGES):
        page = read(token)
        found = {identity(item): item for item in items(page)}
        yield tuple(item for key, item in found.items() if key not in before), not page.next_page_token
        if not page.next_page_token:
            return
        if found.keys() <= before:
            raise UpstreamError("parse", "MLflow answers the same page again and again")
        token, before = page.next_page_token, set(found)
    raise UpstreamError("limit", f"MLflow answers more than {MAX_PAGES} pages")


def _items(
    read: Callable[[str], P], items: Callable[[P], Iterable[T]], identity: Callable[[T], Hashable]
) -> Iterator[T]:
    for page, _ in _pages(read, items, identity):
        yield from page


class _Explain:
    """What MLflow's own error answers mean, in words that help."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = url.split("/")[2]

    def __call__(self, status: int, body: bytes) -> UpstreamError | None:
        if status == 403 and body.startswith(b"Invalid Host header"):
            return UpstreamError(
                "http",
                f"MLflow refuses the host name {self._host!r}: start it with --allowed-hosts '{self._host}' "
                "(or MLFLOW_SERVER_ALLOWED_HOSTS) beside the names that it has now",
            )
        if status == 403:
            # Its auth app refuses what no rule of it is about, before anything looks whether that is served.
            why = "this user lacks a permission, or the path of url is wrong: MLflow answers both alike"
            return UpstreamError("auth", f"{self._url} answered 403: {why}")
        if status == 404:
            return UpstreamError("http", f"there is no MLflow REST API below {self._url}: check url and its path")
        if status == 400 and (message := _message(body)):
            return UpstreamError("http", f"MLflow refused the request: {message}")
        return None


def _message(body: bytes) -> str:
    try:
        answer = _ERROR.validate_json(body)
    except ValidationError:
        return ""
    text = re.sub(r"[^\x20-\x7e]", "?", str(answer.get("message", "")))
    return text[:200]
