"""Who is turned away is counted, and told in the log from time to time."""

from __future__ import annotations

from structlog.testing import capture_logs

from mlvitals.core.metrics import REFUSALS
from mlvitals.core.refusals import Refusals


def test_every_refusal_is_counted_and_one_a_minute_is_logged_for_each_reason() -> None:
    now = 1000.0
    refusals = Refusals(monotonic=lambda: now)
    with capture_logs() as logs:
        for _ in range(50):
            refusals.note("wrong_credentials", "192.0.2.1")
        refusals.note("tls", "192.0.2.2", "http request")
        now += 59
        refusals.note("wrong_credentials", "192.0.2.3")
        now += 1
        refusals.note("wrong_credentials", "192.0.2.4")
    assert [(entry["reason"], entry["client"], entry["times"], entry.get("error")) for entry in logs] == [
        ("wrong_credentials", "192.0.2.1", 1, None),
        ("tls", "192.0.2.2", 1, "http request"),
        ("wrong_credentials", "192.0.2.4", 51, None),
    ]
    assert {entry["log_level"] for entry in logs} == {"warning"}
    counts = {reason: count for (reason,), count in refusals.family().samples.items()}
    assert counts == {**dict.fromkeys(REFUSALS, 0.0), "wrong_credentials": 52.0, "tls": 1.0}
