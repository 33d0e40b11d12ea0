"""Files on S3, as moto's server plays it, and everything that a server can answer instead."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlvitals.core import s3
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.files import Entry
from mlvitals.core.s3 import S3, S3Store
from tests.support.bucket import filled
from tests.support.pki import Pki
from tests.support.replay import FAULTS, Answer, Replay, always

SECRET = "hunter2-and-more"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    keys = ("churn/dt=1/a.csv", "churn/dt=2/b.csv", "churn/readme.md", "churn/ä b?.csv", "other/x")
    with filled("lake", {key: b"x" * len(key) for key in keys}) as reached:
        yield reached["endpoint_url"]


def store(url: str, **more: Any) -> S3Store:
    keys = {"access_key": "vitals", "secret_key": SECRET, "region": "us-east-1"}
    return S3Store(S3.model_validate({"endpoint_url": url, **keys, **more}), Deadline(60))


def reason(call: Any) -> tuple[str, str]:
    with pytest.raises(UpstreamError) as caught:
        call()
    assert SECRET not in str(caught.value)
    return caught.value.reason, str(caught.value)


def test_what_is_there(endpoint: str) -> None:
    files = store(endpoint)
    entry = files.entry("lake/churn/dt=1/a.csv")
    assert entry
    assert (entry.path, entry.is_folder, entry.size) == ("lake/churn/dt=1/a.csv", False, 16)
    assert entry.modified
    assert files.entry("lake/churn") == Entry("lake/churn", True)
    assert files.entry("lake/nope") is None
    assert sorted((each.name, each.is_folder) for each in files.entries("lake/churn/")) == [
        ("dt=1", True),
        ("dt=2", True),
        ("readme.md", False),
        ("ä b?.csv", False),
    ]
    assert files.entries("lake/nope") == []
    assert files.shown(entry.path) == "s3://lake/churn/dt=1/a.csv"


def test_a_bucket_that_is_not_there(endpoint: str) -> None:
    assert reason(lambda: store(endpoint).entry("lke/churn")) == (
        "connect",
        "there is no s3://lke/churn: there is no bucket 'lke'",
    )


def test_ranges(endpoint: str) -> None:
    files = store(endpoint)
    entry = files.entry("lake/churn/ä b?.csv")
    assert entry
    with files.open(entry) as file:
        assert (file.size(), file.read_at(2, 1)) == (entry.size, b"xx")


def test_the_secret_key_is_read_from_its_file(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n")
    settings = {"endpoint_url": endpoint, "access_key": "vitals", "secret_key_file": str(tmp_path / "key")}
    files = S3Store(S3.model_validate(settings), Deadline(60))
    assert files.entry("lake/other/x")
    (tmp_path / "key").write_text("")
    assert reason(lambda: S3Store(S3.model_validate(settings), Deadline(60)))[0] == "auth"


@pytest.mark.parametrize(
    "keys",
    [
        {"access_key": "a"},
        {"secret_key": "b"},
        {"access_key": "a", "secret_key": "b", "secret_key_file": "/dev/null"},
        {"endpoint_url": "http://user:password@minio:9000"},
    ],
)
def test_keys_that_do_not_go_together(keys: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        S3.model_validate(keys)


def error(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SECRET} is wrong</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(403, "AccessDenied"), "auth"),
        (error(403, "InvalidAccessKeyId"), "auth"),
        (error(403, "SignatureDoesNotMatch"), "auth"),
        (error(400, "SomethingElse"), "http"),
        (Answer(200, b"<html>"), "http"),
    ],
)
def test_answers_that_are_refused(answer: Answer, expected: str) -> None:
    with Replay(always(answer)) as server:
        why, words = reason(lambda: store(server.url).entries("lake/x"))
    assert why == expected
    assert words.startswith("s3://lake/x: ")


def test_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pki.folder / "server.pem", pki.folder / "server.key")
    ours = str(pki.folder / "ca.pem")
    with Replay(always(error(403, "AccessDenied")), tls=context) as server:
        assert reason(lambda: store(server.url).entries("lake/x"))[0] == "connect"
        why, words = reason(lambda: store(server.url, ca_file=ours).entries("lake/x"))
    assert why == "auth" or "needs a newer pyarrow" in words


def test_nothing_listens() -> None:
    with Replay(always(Answer())) as gone:
        pass
    assert reason(lambda: store(gone.url).entry("lake/x"))[0] == "connect"


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "TIMEOUT", 1.0)
    with Replay(FAULTS["hang"]) as server:
        assert reason(lambda: store(server.url).entry("lake/x"))[0] == "timeout"


def test_after_the_deadline(endpoint: str) -> None:
    late = S3Store(S3.model_validate({"endpoint_url": endpoint, "region": "us-east-1"}), deadline := Deadline(60))
    deadline.expire()
    assert reason(lambda: late.entry("lake/x"))[0] == "timeout"
