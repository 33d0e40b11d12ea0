"""The size of pages."""

from __future__ import annotations

import pytest

from mlvitals.core import paging
from mlvitals.core.collector import UpstreamError


def test_a_page_is_small_for_an_hour_after_one_that_was_too_large() -> None:
    now, fits = 0.0, 60
    size = paging.PageSize(500, clock=lambda: now)

    def read(number: int) -> int:
        if number > fits:
            raise UpstreamError("limit", "too large")
        return number

    assert [size(read), size(read)] == [31, 31]
    fits = 500
    assert size(read) == 31
    now = paging.SMALL_FOR + 1
    assert size(read) == 500
    fits = 0
    with pytest.raises(UpstreamError, match="too large"):
        size(read)
