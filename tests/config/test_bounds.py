"""What a file costs that is wrong in thousands of places, in work that is counted."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml

from mlvitals import config, registry

MANY = range(300)
WEBHOOK = {"url": "http://h"}
OPS = {"receivers": [{"name": "ops", "webhook": WEBHOOK}], "receiver": "ops"}
FILES: dict[str, dict[str, Any]] = {
    "receivers": {
        "notifications": {
            "receivers": [{"name": f"ops{number}", "webhook": WEBHOOK} for number in MANY],
            "receiver": "ops1",
            "routes": [{"receiver": f"opps{number}", "team": f"team{number}"} for number in MANY],
        }
    },
    "mute times": {
        "notifications": {
            **OPS,
            "mute_times": [{"name": f"night{number}", "days": ["monday"]} for number in MANY],
            "routes": [{"receiver": "ops", "team": "a", "mute_times": [f"nigth{number}" for number in MANY]}],
        }
    },
    "time zones": {
        "notifications": {
            **OPS,
            "mute_times": [
                {"name": f"n{number}", "days": ["monday"], "time_zone": f"Europe/Berlyn{number}"} for number in MANY
            ],
        }
    },
    "keys": {"exporters": [{"name": "a", "type": "mlflow", "url": "http://h", **{f"url{n}": 1 for n in MANY}}]},
    "alerts": {"alerts": {f"MlflowDwn{number}": {} for number in MANY}},
    "types": {"exporters": [{"name": f"a{number}", "type": f"mlfow{number}"} for number in MANY]},
}


@contextmanager
def counted(*functions: Any) -> Iterator[Counter[str]]:
    """How often these functions are called meanwhile, by name."""
    names = {function.__code__: function.__name__ for function in functions}
    calls = Counter[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in names:
            calls[names[frame.f_code]] += 1

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
def test_the_nearest_name_is_looked_for_a_few_times(tmp_path: Path, data: dict[str, Any]) -> None:
    path = tmp_path / "mlvitals.yml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(config.ConfigError) as caught, counted(get_close_matches, entry_points) as calls:
        config.load(path, {})
    assert "did you mean" in str(caught.value)
    assert calls["get_close_matches"] == registry.MAX_SEARCHES
    assert calls["entry_points"] < 20


def test_one_file_takes_nothing_from_the_next(tmp_path: Path) -> None:
    path = tmp_path / "mlvitals.yml"
    for _ in range(registry.MAX_SEARCHES + 1):
        path.write_text("exporter: []\n")
        with pytest.raises(config.ConfigError, match="did you mean 'exporters'"):
            config.load(path, {})
