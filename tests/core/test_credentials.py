"""A token that a password buys: once for many calls, anew when it is refused, never in a loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.credentials import Proof, TokenLogin
from mlvitals.core.outbound import Client
from mlvitals.core.settings import Auth, HttpSettings
from tests.support.replay import Answer, Replay, Request, json_answer

PASSWORD = "hunter2-and-more"


class Desk:
    """Gives out tokens for the right password, and knows which are good."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.good: set[str] = set()

    def __call__(self, username: str, password: str, deadline: Deadline) -> str:
        self.asked.append((username, password))
        if password != PASSWORD:
            raise UpstreamError("auth", f"not with {password}", 401)
        token = f"token-{len(self.asked):04}"
        self.good.add(token)
        return token

    def respond(self, request: Request) -> Answer:
        """What is behind the desk."""
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return json_answer({"a": 1}) if token in self.good else Answer(401, f"not with {token}".encode())


def login(desk: Callable[[str, str, Deadline], str], **auth: object) -> TokenLogin:
    return TokenLogin(Auth.model_validate({"username": "ann", "password": PASSWORD, **auth}), desk)


def test_one_token_serves_many_calls() -> None:
    desk = Desk()
    credentials = login(desk)
    proofs = {credentials.proof(Deadline(1)) for _ in range(3)}
    assert proofs == {Proof("Bearer token-0001", ("token-0001", PASSWORD))}
    assert desk.asked == [("ann", PASSWORD)]


def test_one_collection_buys_one_token() -> None:
    desk = Desk()
    credentials = login(desk)
    first, second = Deadline(1), Deadline(1)
    credentials.proof(first)
    assert not credentials.renew(first)
    assert credentials.renew(second)
    assert credentials.proof(second).header == "Bearer token-0002"
    assert not credentials.renew(second)
    assert len(desk.asked) == 2


def test_a_refused_password_is_tried_once_in_a_collection_and_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("an-old-password\n")
    desk = Desk()
    credentials = login(desk, password=None, password_file=secret)
    deadline = Deadline(1)
    for _ in range(3):
        with pytest.raises(UpstreamError, match=r"^not with \*\*\*$") as caught:
            credentials.proof(deadline)
        assert (caught.value.reason, caught.value.status) == ("auth", 401)
        assert not credentials.renew(deadline)
    secret.write_text(PASSWORD)
    assert credentials.proof(Deadline(1)).header == "Bearer token-0002"
    assert [password for _, password in desk.asked] == ["an-old-password", PASSWORD]


def test_an_unreadable_password_asks_nobody(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    desk = Desk()
    credentials = login(desk, password=None, password_file=secret)
    secret.unlink()
    with pytest.raises(UpstreamError, match=r"cannot read .*password"):
        credentials.proof(Deadline(1))
    assert not desk.asked


def test_an_empty_password_file_asks_nobody(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("\n")
    desk = Desk()
    with pytest.raises(UpstreamError, match=r"password is empty") as caught:
        login(desk, password=None, password_file=file).proof(Deadline(1))
    assert (caught.value.reason, desk.asked) == ("auth", [])


def test_a_client_renews_and_repeats_the_call_once() -> None:
    desk = Desk()
    with Replay(desk.respond) as server:
        settings = HttpSettings.model_validate({"name": "x", "type": "x", "url": server.url})
        client = Client(settings, credentials=login(desk))
        assert client.send("GET", "a", Deadline(10)) == b'{"a": 1}'
        desk.good.clear()
        assert client.send("GET", "a", Deadline(10)) == b'{"a": 1}'
        assert len(server.requests) == 3
        server.respond = lambda request: Answer(403, request.headers["Authorization"].encode())
        with pytest.raises(UpstreamError, match="answered 403") as caught:
            client.send("GET", "a", Deadline(10))
        assert caught.value.status == 403
        assert "token" not in str(caught.value)
        client.close()
        assert len(server.requests) == 5
    assert len(desk.asked) == 3
