"""What went wrong beside the numbers stands in the log, once for each change."""

from __future__ import annotations

from structlog.testing import capture_logs

from mlvitals.evidently.complaints import Complaints
from mlvitals.evidently.results import Column, Failed, Outcome, Quality, Results, TestResult

WHOLE = Outcome(results=Results(columns=(Column(name="age", kind="numeric"),), overview={}))


def outcome(*columns: Column, **results: object) -> Outcome:
    return Outcome(results=Results.model_validate({"columns": columns, "overview": {}, **results}))


def unscored(name: str, reason: str = "error", message: str = "Evidently: KeyError in calculate, line 7") -> Column:
    return Column.model_validate({"name": name, "kind": "numeric", "reason": reason, "message": message})


def told(complaints: Complaints, *outcomes: Outcome) -> list[tuple[object, ...]]:
    """The lines: level, event, about, reason and error."""
    with capture_logs() as lines:
        for each in outcomes:
            complaints.tell(each)
    assert all((line["exporter"], line["dataset"]) == ("data", "churn") for line in lines)
    return [tuple(line.get(key) for key in ("log_level", "event", "about", "reason", "error")) for line in lines]


def test_columns_of_the_same_trouble_are_one_line_and_text_is_none() -> None:
    columns = [unscored(f"c{index}") for index in range(7)]
    found = told(Complaints("data", "churn"), outcome(*columns, unscored("note", "unsupported", "text is not scored")))
    about = "c0, c1, c2, c3, c4 and 2 more"
    assert found == [("warning", "columns without a score", about, "error", "Evidently: KeyError in calculate, line 7")]


def test_a_line_comes_when_something_changes_and_not_before() -> None:
    complaints = Complaints("data", "churn")
    bad, worse = outcome(unscored("a")), outcome(unscored("a"), unscored("b", "too_few", "one value"))
    assert len(told(complaints, bad)) == 1
    assert told(complaints, bad) == []
    assert told(complaints, worse) == [("warning", "columns without a score", "b", "too_few", "one value")]
    ended = [("info", "nothing of the data set is left out any more", None, None, None)]
    assert told(complaints, WHOLE, WHOLE) == ended


def test_tests_predictions_runs_and_reports() -> None:
    lost = {
        "not_written": Failed(reason="connect", message="refused"),
        "not_drawn": Failed(reason="limit", message="x"),
    }
    test = TestResult(test="TestMeanInNSigmas", column="age", status="error", message="no mean")
    quality = Quality(target="t", prediction="p", side="current", metric="f1", value=None, message="no column 't'")
    found = told(Complaints("data", "churn"), outcome(tests=(test,), quality=(quality,)).model_copy(update=lost))
    assert found == [
        ("warning", "test not computed", "TestMeanInNSigmas of age", "error", "no mean"),
        ("warning", "model quality not computed", "f1 of p against t, current", "error", "no column 't'"),
        ("warning", "run not written", None, "connect", "refused"),
        ("warning", "report not drawn", None, "limit", "x"),
    ]


def test_a_test_is_silent_about_what_its_column_says() -> None:
    test = TestResult(test="TestColumnDrift", column="age", status="error", message="one value")
    found = told(Complaints("data", "churn"), outcome(unscored("age", "too_few", "one value"), tests=(test,)))
    assert [line[1] for line in found] == ["columns without a score"]


def test_names_are_harmless_in_a_line() -> None:
    (line,) = told(Complaints("data", "churn"), outcome(unscored("a\nfake=1")))
    assert line[2] == "a?fake=1"
