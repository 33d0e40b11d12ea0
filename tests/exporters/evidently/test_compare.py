"""`mlvitals compare`, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mlvitals.core.collector import UpstreamError
from mlvitals.evidently import compare as comparing
from mlvitals.evidently.compare import Comparison
from mlvitals.evidently.config import Dataset
from mlvitals.evidently.results import Bins, Column, Outcome, Read, Results, Score
from tests.exporters.evidently.data import frame, settings, write


def compare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlvitals", "compare", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    write(frame(), made / "x.parquet")
    write(frame(shift=30, seed=2).drop(columns="country"), made / "y.parquet")
    frame().to_csv(made / "x.csv", index=False)
    (made / "broken.parquet").write_bytes(b"PAR1 and no more")
    return made


def test_nothing_has_drifted_from_itself_and_twice_the_same_bytes_come_out(folder: Path) -> None:
    first, second = (compare(folder, "x.parquet", "x.parquet", "--format", "json") for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    found = json.loads(first.stdout)
    assert found["rows"] == {"reference": 400, "current": 400}
    assert found["drifted_ratio"] == 0
    assert {column["name"]: column["score"] for column in found["columns"]} == dict.fromkeys(frame().columns, 0.0)


def test_drift_is_told_by_number_and_by_exit_code(folder: Path) -> None:
    done = compare(folder, "x.parquet", "y.parquet", "--format", "json", "--set", "drift.share=0.1")
    assert done.returncode == 3, done.stderr
    columns = {column["name"]: column for column in json.loads(done.stdout)["columns"]}
    assert columns["age"]["drifted"] and columns["age"]["ratio"] > 1
    assert not columns["target"]["drifted"] and columns["target"]["ratio"] < 1
    assert (columns["country"]["score"], columns["country"]["reason"]) == (None, "missing")


def test_people_get_a_table_with_histograms(folder: Path) -> None:
    done = compare(folder, "x.csv", "y.parquet", "--set", "drift.numeric=psi", "--set", "columns.include=age")
    assert done.returncode == 3, done.stderr
    assert "psi" in done.stdout and "█" in done.stdout
    assert "drift: 1 of 1 scored columns have drifted" in done.stdout


def test_a_column_is_called_new_or_missing_and_those_without_a_score_are_counted() -> None:
    score = Score(method="psi", score=0.1, threshold=0.2, drifted=False, ratio=0.5)
    columns = (
        Column(name="age", kind="numeric", drift=score),
        Column(name="added", kind="numeric", reason="missing", changes=("new",)),
        Column(name="gone", kind="numeric", reason="missing", changes=("missing",)),
        Column(name="note", kind="text", reason="unsupported"),
    )
    read = Read(location="x", identity="", files=1, size=1, rows=1, rows_read=1)
    outcome = Outcome(reads={"reference": read, "current": read})
    (dataset,) = settings(Path("/nowhere")).datasets
    lines = Comparison(dataset, outcome, Results(columns=columns, overview={})).as_table().splitlines()
    assert [line.split()[2] for line in lines if line.startswith(("added", "gone", "note"))] == [
        *("new", "missing", "unsupported")
    ]
    assert lines[-1].startswith("no drift: 0 of 1 scored columns have drifted, 3 have no score (0.0%; ")


@pytest.fixture(scope="module")
def whole(folder: Path) -> comparing.Comparison:
    """Compared with more than drift in mind."""
    asked = {
        "predictions": [{"target": "target", "prediction": "guess", "kind": "regression"}],
        "quantiles": [0.9],
        "categories": ["country"],
        "time_column": "seen",
    }
    sides = {"reference": str(folder / "x.parquet"), "current": str(folder / "y.parquet")}
    dataset = Dataset.model_validate({"name": "compare", **sides, **asked})
    return comparing.compare(dataset, "evidently", lambda progress: None, html=False)


def test_everything_that_was_computed_is_in_the_json(whole: comparing.Comparison) -> None:
    found = json.loads(whole.as_json())
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["age"]["statistics"]["current"]["quantiles"]["0.9"] > columns["age"]["statistics"]["current"]["mean"]
    assert columns["country"]["categories"]["reference"].keys() == {"de", "fr", "it"}
    assert found["newest"]["current"] > 1.7e9
    assert {each["metric"] for each in found["quality"]} == {"rmse", "mse", "mae", "r2"}
    assert found["overview"]["reference"]["duplicated_rows"] == 0
    (changed,) = (each for each in found["tests"] if each["test"] == "TestNumberOfColumns")
    assert changed["status"] == "fail"


def test_the_table_says_which_tests_fail_and_how_good_predictions_are(whole: comparing.Comparison) -> None:
    lines = whole.as_table().splitlines()
    assert [line.partition(":")[0] for line in lines if " against " in line] == [
        f"{metric} of guess against target" for metric in ("rmse", "mse", "mae", "r2")
    ]
    assert any(line.startswith("tests: ") and " fail, " in line for line in lines)
    assert any(line.startswith("  fail: TestColumnDrift age, ") for line in lines)


def test_what_lies_beyond_the_reference_is_drawn_at_its_end(whole: comparing.Comparison) -> None:
    (age,) = (column for column in whole.results.columns if column.name == "age")
    bins = Bins(edges=(0, 1, 2, 3), shares={"reference": (0.5, 0.5, 0.0), "current": (0.0, 0.0, 1.0)})
    beyond = whole.results.model_copy(update={"columns": (age.model_copy(update={"bins": bins}),)})
    (row,) = (line for line in replace(whole, results=beyond).as_table().splitlines() if line.startswith("age"))
    assert row.endswith("██             █")


def test_without_evidently_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evidently", None)
    dataset = Dataset.model_validate({"name": "x", "reference": "/r.parquet", "current": "/c.parquet"})
    with pytest.raises(UpstreamError, match=r"pip install 'mlvitals\[evidently\]'"):
        comparing.compare(dataset, "evidently", lambda progress: None, html=False)


def test_evidently_draws_it_to_be_shared_and_a_name_ends_no_script_of_it(folder: Path) -> None:
    name = "</script><script>hacked = 1</script>"
    write(frame()[["age", "clicks"]].rename(columns={"clicks": name}), folder / "hostile.parquet")
    done = compare(folder, "hostile.parquet", "hostile.parquet", "--format", "html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("<!DOCTYPE html>")
    assert "Value drift for age" in done.stdout
    assert "hacked" in done.stdout
    assert name not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["x.parquet", "nothing.parquet"], 1, "nothing.parquet"),
        (["x.parquet", "broken.parquet"], 1, "broken.parquet"),
        (["x.parquet", "y.parquet", "--set", "drift.numeric=psy"], 2, "drift.numeric: expected"),
        (["x.parquet", "y.parquet", "--set", "drfit.numeric=psi"], 2, "did you mean 'drift'?"),
        (["x.parquet", "x.parquet", "--set", "columns.include=nothing"], 1, "no column could be scored"),
        (["mlflow:registry/a@b/c.parquet", "x.parquet"], 1, "registry"),
    ],
)
def test_what_cannot_be_compared_is_told(folder: Path, arguments: list[str], status: int, words: str) -> None:
    done = compare(folder, *arguments)
    assert done.returncode == status
    assert words in done.stderr + done.stdout
