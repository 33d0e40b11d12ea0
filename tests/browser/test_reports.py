"""Evidently's report, served by a real mlvitals process and drawn by a real Chromium under a policy of its own."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
import requests
import yaml
from playwright.sync_api import Browser

from tests.exporters.evidently.data import frame, write
from tests.support.chromium import chromium
from tests.support.vitals import Vitals, mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def vitals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vitals]:
    """One exporter with reports, one without."""
    folder = tmp_path_factory.mktemp("reports")
    sides = {
        "reference": str(write(frame(), folder / "r.parquet")),
        "current": str(write(frame(9), folder / "c.parquet")),
    }
    dataset = {"name": "churn", "columns": {"include": ["age"]}, **sides}
    common = {"type": "evidently", "datasets": [dataset]}
    exporters = [{"name": "shown", "reports": True, **common}, {"name": "hidden", **common}]
    (folder / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": exporters}))
    with mlvitals(folder) as running:
        for name in ("shown", "hidden"):
            until(lambda name=name: running.value(name, "mlvitals_target_up", target="churn") == 1, 120)  # type: ignore[misc]
        yield running


def test_it_is_there_where_it_is_turned_on_and_nowhere_else(vitals: Vitals) -> None:
    found = {
        path: requests.get(f"{vitals.url}/reports/{path}", timeout=10).status_code
        for path in ("shown/churn", "hidden/churn", "shown/nothing", "nobody/churn")
    }
    assert found == {"shown/churn": 200, "hidden/churn": 404, "shown/nothing": 404, "nobody/churn": 404}
    status = requests.get(vitals.url, timeout=10).text
    assert 'href="reports/shown/churn"' in status
    assert "reports/hidden" not in status


def test_it_comes_as_the_client_takes_it(vitals: Vitals) -> None:
    url = f"{vitals.url}/reports/shown/churn"
    plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=10)
    packed = requests.get(url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=10)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read()) == plain.content
    assert plain.content.lstrip().startswith(b"<!DOCTYPE html>")


def test_chromium_draws_it_and_its_scripts_reach_nothing(vitals: Vitals) -> None:
    with chromium("REPORTS NOT LOOKED AT") as browser:
        assert _reached(browser, f"{vitals.url}/reports/shown/churn") == [f"{vitals.url}/reports/shown/churn"]


def _reached(browser: Browser, url: str) -> list[str]:
    """The addresses that were asked for once the report has been drawn."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.get_by_text("Value drift for age").first.wait_for()
    assert page.evaluate("self.origin") == "null"
    page.close()
    return [each for each in asked if each.startswith("http")]
