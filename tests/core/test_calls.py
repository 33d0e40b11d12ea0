"""What the log and a failure say of calls to an upstream."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from mlvitals.core.collector import Deadline
from tests.core.test_outbound import OBJECT, OK, SECRET, ask, client, failure
from tests.support.replay import FAULTS, Answer, Replay, Request, always, json_answer, redirect

LOGIN = "it wants a login there: check auth, or set url to an address that leads past what asks for it"
MOVED = "that is another host: a proxy or a login may stand in between; if the system has moved, change url"


@pytest.mark.parametrize(
    ("location", "advice"),
    [
        ("https://login.example.org/", LOGIN),
        ("https://sso.example.org/start?rd=http://mlflow", LOGIN),
        ("https://accounts.example.org/o/oauth2/v2/auth?client_id=1", LOGIN),
        ("https://keycloak.example.org/realms/ml/protocol/openid-connect/auth", LOGIN),
        ("http://127.0.0.1:9/login.html", LOGIN),
        ("http://127.0.0.1:9/sign_in", LOGIN),
        ("http://mlflow.example.org/api/things", MOVED),
        ("http://mlflow.example.org/api/authors", MOVED),
        ("http://127.0.0.1:9/api/things", "set url to that address"),
    ],
)
def test_a_redirect_to_a_login_is_no_new_address(location: str, advice: str) -> None:
    with Replay(always(redirect(location))) as server:
        assert (
            str(failure(server.url)) == f"{server.url}/api/things redirects to {location.partition('?')[0]}: {advice}"
        )


def calls(logs: list[Any]) -> list[dict[str, Any]]:
    """The lines about calls, without what they took."""
    hidden = ("event", "log_level", "seconds")
    return [
        {key: value for key, value in line.items() if key not in hidden}
        for line in logs
        if line["event"] == "upstream called"
    ]


def test_each_call_is_a_line_of_the_debug_log() -> None:
    with capture_logs() as logs:
        with Replay(OK) as server, client(server.url, token=SECRET) as made:
            made.get("api/things", OBJECT, Deadline(10), {"token": SECRET})
            made.post("api/search", OBJECT, Deadline(10), {"filter": SECRET})
        with Replay(FAULTS["404"]) as bad:
            failure(bad.url)
        failure(server.url)
    known = {"exporter": "x", "method": "GET", "url": f"{server.url}/api/things"}
    assert calls(logs) == [
        {**known, "status": 200, "bytes": 8},
        {**known, "method": "POST", "url": f"{server.url}/api/search", "status": 200, "bytes": 8},
        {**known, "url": f"{bad.url}/api/things", "status": 404, "reason": "http"},
        {**known, "reason": "connect"},
    ]
    assert {line["log_level"] for line in logs} == {"debug"}
    assert SECRET not in str(logs)


def test_no_call_shows_credentials_that_a_redirect_has_in_its_address() -> None:
    def respond(request: Request) -> Answer:
        sent = request.headers["Authorization"].removeprefix("Bearer ")
        return json_answer({"a": 1}) if sent in request.path else redirect(f"/{'long/' * 50}{sent}/?token={sent}")

    with capture_logs() as logs, Replay(respond) as server:
        assert ask(server.url, token=SECRET) == {"a": 1}
    assert [line["status"] for line in calls(logs)] == [302, 200]
    assert not [size for size in range(4, len(SECRET)) if SECRET[:size] in str(logs)]
