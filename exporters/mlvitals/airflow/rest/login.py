"""Which REST API an Airflow has, how it wants to know who calls, and what its refusals mean."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from mlvitals.airflow.rest import answers
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.credentials import Credentials, Given, TokenLogin
from mlvitals.core.outbound import Client
from mlvitals.core.settings import Auth, HttpSettings

Api = Literal["v1", "v2"]
_AIRFLOW: dict[Api, str] = {"v1": "Airflow 2", "v2": "Airflow 3"}
_HEALTH: dict[Api, str] = {"v1": "health", "v2": "monitor/health"}
_ANY = TypeAdapter(dict[str, Any])


class Address(NamedTuple):
    """Where an Airflow is: the base URL, and the API that the configured URL names by its end, if it does."""

    base: str
    pinned: Api | None


def address(url: str) -> Address:
    """What the configured URL means."""
    match = re.fullmatch(r"(.*)/api/(v[12])", url)
    return Address(match[1], "v1" if match[2] == "v1" else "v2") if match else Address(url, None)


class Door:
    """What an Airflow tells without a login: version, health, and Airflow 3 gives a token for a password."""

    def __init__(self, settings: HttpSettings, pinned: Api | None) -> None:
        """`settings` has the base URL."""
        self._url = settings.url
        self._auth = settings.auth
        self._pinned = pinned
        self._likely = pinned or "v2"
        self._logging_in = False
        # A proxy before Airflow may want the token. A password goes to nobody but who takes it.
        auth = settings.auth if settings.auth and not settings.auth.username else None
        self._http = Client(settings.model_copy(update={"auth": auth}), explain=self._explain)

    def api(self, deadline: Deadline) -> tuple[Api, str]:
        """The API that is there, and Airflow's version. Raises UpstreamError (`http`) when there is none."""
        for api in sorted(_AIRFLOW, key=lambda api: api != self._likely):
            try:
                version = self._http.get(f"api/{api}/version", answers.VERSION, deadline).version
            except UpstreamError as error:
                if error.status != 404:
                    raise
                continue
            if self._pinned not in (None, api):
                raise self._other(api, version)
            self._likely = api
            return api, version
        raise UpstreamError("http", f"there is no Airflow REST API below {self._url}: check url and its path")

    def health(self, api: Api, deadline: Deadline) -> answers.Health:
        """How Airflow's components are."""
        return self._http.get(f"api/{api}/{_HEALTH[api]}", answers.HEALTH, deadline)

    def credentials(self, api: Api) -> Credentials:
        """What this API takes: a password buys a token from v2, and is sent to v1 as it is."""
        login = self._auth and self._auth.username and api == "v2"
        return TokenLogin(self._auth, self._log_in) if self._auth and login else Given(self._auth)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _other(self, api: Api, version: str) -> UpstreamError:
        its = f"this is {_AIRFLOW[api]} ({version}): its API is /api/{api}, but url says /api/{self._pinned}"
        return UpstreamError("http", f"{its}; set url to {self._url}, and the API is found by itself")

    def _log_in(self, username: str, password: str, deadline: Deadline) -> str:
        self._logging_in = True
        try:
            answer = self._http.post("auth/token", _ANY, deadline, {"username": username, "password": password})
        finally:
            self._logging_in = False
        token = answer.get("access_token")
        if not isinstance(token, str):
            raise UpstreamError("parse", f"{self._url}/auth/token answered no token")
        return token

    def _explain(self, status: int, body: bytes) -> UpstreamError | None:
        if self._logging_in and status == 401:
            return UpstreamError("auth", "Airflow refuses the user name or the password of auth (POST auth/token: 401)")
        if self._logging_in and status in (404, 405):
            words = f"{self._url}/auth/token gives no token for a password ({status}): give auth a token"
            return UpstreamError("auth", words)
        return None


class Explain:
    """What refusals of an API mean. `begin` says which call is under way."""

    def __init__(self, api: Api, auth: Auth | None) -> None:
        self._api = api
        self._auth = auth
        self._path = ""
        self._within: Deadline | None = None
        self._accepted = False

    def begin(self, path: str, deadline: Deadline) -> None:
        """A call begins."""
        self._accepted &= self._within is deadline
        self._path, self._within = path, deadline

    def accept(self) -> None:
        """The call was answered, so the login is good, for this collection."""
        self._accepted = True

    def __call__(self, status: int, body: bytes) -> UpstreamError | None:
        """The refusal in words that help; None when there are no better ones."""
        if status in (401, 403):
            return UpstreamError("auth", self._refused(status, body))
        if status in (400, 422) and (detail := _detail(body)):
            return UpstreamError("http", f"Airflow refused the request {self._path}: {detail}")
        return None

    def _refused(self, status: int, body: bytes) -> str:
        if self._auth is None:
            return f"Airflow asks who calls ({self._path}: {status}): set auth"
        invalid = status == 401 or b"Invalid JWT" in body
        if self._api == "v2" and invalid:
            return f"Airflow refuses the token of auth ({self._path}: {status}): it is wrong or has expired"
        if self._api == "v2" or self._accepted:
            return f"this user may not read {self._path} ({status}): give it the role Viewer"
        # Airflow 2 says the same to all of them.
        wrong = "user name or password is wrong" if self._auth.username else "the token is wrong or has expired"
        backend = "airflow.api.auth.backend.basic_auth" if self._auth.username else "one that takes tokens"
        return (
            f"Airflow 2 refuses {self._path} ({status}): {wrong}, or the user lacks the role Viewer, or Airflow's "
            f"[api] auth_backends lacks {backend}"
        )


def _detail(body: bytes) -> str:
    try:
        answer = _ANY.validate_json(body)
    except ValidationError:
        return ""
    return re.sub(r"[^\x20-\x7e]", "?", str(answer.get("detail") or answer.get("title") or ""))[:200]
