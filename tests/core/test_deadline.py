"""What a deadline says when there is no time left, and whose doing it was."""

from __future__ import annotations

import pytest

from mlvitals.core.collector import Deadline, UpstreamError


def test_one_that_was_cut_is_not_said_to_have_taken_all_of_its_time() -> None:
    deadline = Deadline(100)
    deadline.expire()
    with pytest.raises(UpstreamError, match="cut off before its end") as cut:
        deadline.remaining()
    assert cut.value.reason == "timeout"
    assert "100" not in str(cut.value)


def test_one_that_is_over_says_how_long_it_was() -> None:
    with pytest.raises(UpstreamError, match="not finished after 0 s"):
        Deadline(0).remaining()
