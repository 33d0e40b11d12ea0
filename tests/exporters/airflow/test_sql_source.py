"""What is read of a metadata database, in the schemas of several releases, on SQLite."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from mlvitals.airflow.facts import (
    Asset,
    Component,
    Dag,
    DagRun,
    ImportFailure,
    LastTask,
    Link,
    Pool,
    RunKey,
    TaskKey,
    TaskReport,
    Triggered,
)
from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.collector import Deadline
from tests.exporters.airflow.reading import sql_source
from tests.support.airflow_database import RELEASES, AirflowDatabase, sqlite_airflow

HOUR, DAY = 3600.0, 86400.0
NOW = float(int(time.time()))
SINCE = NOW - DAY
FOREVER = float("inf")


@pytest.fixture(params=RELEASES)
def airflow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AirflowDatabase]:
    made = sqlite_airflow(tmp_path / "airflow.db", request.param)
    yield made
    made.engine.dispose()


@pytest.fixture
def airflow3(tmp_path: Path) -> Iterator[AirflowDatabase]:
    made = sqlite_airflow(tmp_path / "airflow3.db", RELEASES[-1])
    yield made
    made.engine.dispose()


@pytest.fixture
def source(airflow: AirflowDatabase) -> Iterator[SqlSource]:
    with sql_source(airflow.url, tasks={"include": ["train*"]}) as made:
        yield made


def deadline() -> Deadline:
    return Deadline(30)


class Hurried(Deadline):
    """Time flies: whoever looks again finds that half of what is left is gone."""

    left = 1e9

    def remaining(self) -> float:
        self.left /= 2
        return self.left


def changed(source: SqlSource, since: float = SINCE, until: float = FOREVER) -> dict[str, DagRun]:
    return {run.key.run_id: run for run in source.runs(since, until, deadline())}


def tasks(source: SqlSource, *dag_ids: str, one_by_one: tuple[str, ...] = ()) -> TaskReport:
    return source.tasks(SINCE, dag_ids, one_by_one, deadline())


# --- Airflow itself ---------------------------------------------------------------------------------------------------


def test_the_release_is_that_of_the_schema(airflow: AirflowDatabase, source: SqlSource) -> None:
    server = source.server(deadline())
    assert server.source == "sql"
    assert server.version == ("2.10-2.11" if airflow.release == "2.11" else airflow.release)


def test_a_migration_that_is_not_known_leaves_the_major_release(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.change("alembic_version", {}, version_num="0123456789ab")
    assert source.server(deadline()).version == str(airflow.major)


def test_a_component_is_healthy_while_its_heart_beats(airflow: AirflowDatabase, source: SqlSource) -> None:
    now = float(int(time.time()))
    airflow.add("job", job_type="SchedulerJob", state="running", latest_heartbeat=now)
    airflow.add("job", job_type="SchedulerJob", state="running", latest_heartbeat=now - 500)
    airflow.add("job", job_type="TriggererJob", state="running", latest_heartbeat=now - 60)
    # What ended later does not count as long as another runs.
    airflow.add("job", job_type="TriggererJob", state="success", latest_heartbeat=now - 10)
    airflow.add("job", job_type="LocalTaskJob", state="running", latest_heartbeat=now)
    assert source.server(deadline()).components == (
        Component("metadatabase", healthy=True),
        Component("scheduler", healthy=True, heartbeat=now),
        Component("dag_processor", healthy=None),
        Component("triggerer", healthy=False, heartbeat=now - 60),
    )


def test_without_jobs_the_scheduler_is_unhealthy_and_nothing_else_is_told(source: SqlSource) -> None:
    components = {component.name: component.healthy for component in source.server(deadline()).components}
    assert components == {"metadatabase": True, "scheduler": False, "dag_processor": None, "triggerer": None}


def test_a_component_that_ended_is_unhealthy_with_its_last_heartbeat(
    airflow: AirflowDatabase, source: SqlSource
) -> None:
    airflow.add("job", job_type="DagProcessorJob", state="success", latest_heartbeat=NOW - 3)
    assert Component("dag_processor", healthy=False, heartbeat=NOW - 3) in source.server(deadline()).components


def test_pools_count_slots_as_airflow_does(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.add("slot_pool", pool="default_pool", slots=128, include_deferred=False)
    airflow.add("slot_pool", pool="greedy", slots=2, include_deferred=True)
    airflow.add("slot_pool", pool="endless", slots=-1, include_deferred=False)
    airflow.run("train", "r", "running", NOW)
    for number, (pool, state, slots) in enumerate(
        [
            ("default_pool", "running", 3),
            ("default_pool", "queued", 2),
            ("default_pool", "deferred", 7),
            ("default_pool", "scheduled", 5),
            ("default_pool", "success", 100),
            ("greedy", "running", 1),
            ("greedy", "deferred", 2),
            ("a pool that is gone", "running", 1),
        ]
    ):
        airflow.task("train", "r", f"t{number}", state, pool=pool, pool_slots=slots)
    assert sorted(source.server(deadline()).pools, key=lambda pool: pool.name) == [
        Pool("default_pool", slots=128, open=123, running=3, queued=2, deferred=7, scheduled=5),
        Pool("endless", slots=None, open=None, running=0, queued=0, deferred=0, scheduled=0),
        Pool("greedy", slots=2, open=-1, running=1, queued=0, deferred=2, scheduled=0),
    ]


def test_import_errors(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.add("import_error", filename="broken.py", timestamp=NOW, stacktrace="Traceback")
    assert source.server(deadline()).import_errors == (ImportFailure("broken.py", NOW),)


# --- DAGs -------------------------------------------------------------------------------------------------------------


def test_dags_come_by_id_with_tags_and_owners_and_without_those_that_were_dropped(
    airflow: AirflowDatabase, source: SqlSource
) -> None:
    airflow.dag(
        "train", is_paused=False, owners="ann, bob", tags=("ml", "nightly"), next_dagrun_create_after=NOW + HOUR
    )
    airflow.dag("clean", is_paused=True)
    airflow.dag("dropped", is_paused=False, stale=True)
    if airflow.major == 2:
        airflow.dag("train.part", is_paused=False, is_subdag=True)
    clean, train = source.dags(deadline())
    assert clean == Dag("clean", True, (), (), "None", periodic=False, next_run=None)
    assert (train.dag_id, train.paused, train.next_run) == ("train", False, NOW + HOUR)
    assert [owner.strip() for owner in train.owners] == ["ann", "bob"]
    assert sorted(train.tags) == ["ml", "nightly"]


@pytest.mark.parametrize(
    ("of_2", "of_3", "schedule", "periodic"),
    [
        ('"0 6 * * 1-5"', "0 6 * * 1-5", "0 6 * * 1-5", True),
        (
            '{"type": "timedelta", "attrs": {"days": 1, "seconds": 5400, "microseconds": 0}}',
            "1 day, 1:30:00",
            "1 day, 1:30:00",
            True,
        ),
        ('"@once"', "@once", "@once", False),
        ("null", None, "None", False),
        (None, "None", "None", False),
    ],
)
def test_a_schedule_reads_the_same_from_both_releases(
    airflow: AirflowDatabase, source: SqlSource, of_2: str, of_3: str, schedule: str, periodic: bool
) -> None:
    more: dict[str, Any] = {"timetable_periodic": periodic} if airflow.release == "3.3" else {}
    airflow.dag("train", schedule=of_3 if airflow.major == 3 else of_2, **more)
    (dag,) = source.dags(deadline())
    assert (dag.schedule, dag.periodic) == (schedule, periodic)


def test_airflow_3_3_itself_says_what_is_periodic(airflow3: AirflowDatabase) -> None:
    airflow3.dag("train", schedule="a schedule of our own", timetable_periodic=False)
    with sql_source(airflow3.url) as source:
        (dag,) = source.dags(deadline())
    assert (dag.schedule, dag.periodic) == ("a schedule of our own", False)


# --- runs -------------------------------------------------------------------------------------------------------------


def test_runs_that_changed(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "before", "success", NOW - 2 * DAY, start=NOW - 2 * DAY, end=NOW - 2 * DAY + 60)
    airflow.run("train", "within", "failed", NOW - HOUR, start=NOW - HOUR + 1, end=NOW - HOUR + 61)
    airflow.run("train", "goes on", "running", NOW - 60, start=NOW - 30, run_type="scheduled")
    found = changed(source)
    assert found.keys() == {"within", "goes on"}
    assert found["within"] == DagRun(
        RunKey("train", "within"), "failed", "manual", NOW - HOUR, NOW - HOUR, NOW - HOUR + 1, NOW - HOUR + 61
    )
    assert (found["goes on"].run_type, found["goes on"].end) == ("scheduled", None)


def test_runs_of_a_slice_of_time(airflow: AirflowDatabase, source: SqlSource) -> None:
    for hours in range(6):
        airflow.run("train", f"{hours}", "success", NOW - hours * HOUR, end=NOW - hours * HOUR)
    assert changed(source, NOW - 3 * HOUR, NOW - HOUR).keys() == {"3", "2"}


def test_a_run_of_airflow_2_could_start_when_its_interval_ended_or_it_was_triggered(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "two.db", "2.11")
    airflow.run("train", "scheduled", "success", NOW, execution_date=NOW - DAY, data_interval_end=NOW)
    airflow.run("train", "by hand", "success", NOW, execution_date=NOW + 60, data_interval_end=NOW)
    airflow.run("train", "old", "success", NOW, execution_date=NOW + 70, data_interval_end=None)
    with sql_source(airflow.url) as source:
        assert {name: run.run_after for name, run in changed(source).items()} == {
            "scheduled": NOW,
            "by hand": NOW + 60,
            "old": NOW + 70,
        }
        newest = {run.key.run_id for run in source.last_runs("train", deadline())}
        assert "old" in newest
    airflow.engine.dispose()


def test_a_run_of_days_is_seen_when_it_ends(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "long", "success", NOW - 4 * DAY, start=NOW - 4 * DAY, end=NOW - HOUR)
    for number in range(1000):
        airflow.run("other", f"{number}", "success", NOW - 3 * DAY + number, end=NOW - 3 * DAY + number)
    assert changed(source).keys() == {"long"}


def test_a_run_that_was_active_is_asked_for_again_however_old_it_is(
    airflow: AirflowDatabase, source: SqlSource
) -> None:
    very_long = airflow.run("train", "very long", "running", NOW - 30 * DAY, start=NOW - 30 * DAY)
    for number in range(1000):
        airflow.run("other", f"{number}", "success", NOW - 20 * DAY + number, end=NOW - 20 * DAY + number)
    assert [run.key.run_id for run in source.active_runs(deadline())] == ["very long"]
    airflow.change("dag_run", {"id": very_long}, state="success", end_date=NOW, updated_at=time.time())
    assert list(source.active_runs(deadline())) == []
    found = changed(source, NOW - 120)
    assert (found["very long"].state, found["very long"].duration) == ("success", 30 * DAY)


def test_an_old_run_that_was_cleared_is_active(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "old", "queued", NOW - 300 * DAY, queued_at=NOW, updated_at=NOW)
    airflow.run("train", "new", "running", NOW, start=NOW)
    airflow.run("other", "done", "success", NOW, end=NOW)
    assert {run.key.run_id: run.state for run in source.active_runs(deadline())} == {"old": "queued", "new": "running"}


def test_the_last_runs_of_a_dag_however_old(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "success", "success", NOW - 90 * DAY, end=NOW - 90 * DAY + 9)
    airflow.run("train", "backfilled", "success", NOW - 100 * DAY, end=NOW - 80 * DAY)
    airflow.run("train", "failed", "failed", NOW - 70 * DAY, end=NOW - 70 * DAY + 9)
    airflow.run("train", "waits", "queued", NOW)
    airflow.run("other", "newest", "success", NOW, end=NOW)
    airflow.run("train", "tomorrow", "queued", NOW + DAY, queued_at=NOW)
    found = {run.key.run_id for run in source.last_runs("train", deadline())}
    assert found == {"backfilled", "failed"}, "what is active is known anyway"
    assert [run.key.run_id for run in source.last_runs("other", deadline())] == ["newest"]
    assert list(source.last_runs("never ran", deadline())) == []


def test_many_runs_come_in_pages(airflow: AirflowDatabase, source: SqlSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlvitals.airflow.sql.runs.PAGE", 7)
    monkeypatch.setattr("mlvitals.airflow.sql.births.FEW", 3)
    for number in range(40):
        airflow.run("train", f"{number}", "success", NOW - 1000 + number, end=NOW - 1000 + number)
    assert changed(source).keys() == {f"{number}" for number in range(40)}
    assert changed(source, NOW - 990, NOW - 980).keys() == {f"{number}" for number in range(10, 20)}


def test_confs_give_the_configured_keys(airflow3: AirflowDatabase) -> None:
    keys = ["model_name", "a \"quoted\" 'key'", "size", "share", "fast", "object", "nothing", "missing"]
    conf = {keys[0]: "grün", keys[1]: "x", "size": 5, "share": 0.5, "fast": True, "object": {"a": 1}, "nothing": None}
    airflow3.run("train", "r", "success", NOW, conf=conf | {"other": "not asked for"})
    with sql_source(airflow3.url, conf_keys=keys) as source:
        found = changed(source)["r"].conf
    assert found == {keys[0]: "grün", keys[1]: "x", "size": "5", "share": "0.5", "fast": "true"}


def test_confs_of_airflow_2_are_left_alone_and_that_is_said_once(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "two.db", "2.11")
    # A pickle that would make a folder if somebody loaded it.
    evil = b"cos\nmkdir\n(S'" + str(tmp_path / "made").encode() + b"'\ntR."
    airflow.run("train", "r", "success", NOW, conf=None)
    airflow.change("dag_run", {"run_id": "r"}, conf=evil)
    with capture_logs() as lines, sql_source(airflow.url, conf_keys=["model_name"]) as source:
        source.server(deadline())
        assert changed(source)["r"].conf == {}
        source.server(deadline())
    assert [entry["event"] for entry in lines] == ["conf_keys are not read: Airflow 2 pickles conf in its database"]
    assert not (tmp_path / "made").exists()
    airflow.engine.dispose()


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_tasks_that_are_active(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "r", "running", NOW - 100 * DAY)
    airflow.task("train", "r", "a", "running")
    airflow.task("train", "r", "b", "queued", queued_dttm=NOW - 50)
    airflow.task("train", "r", "c", "queued", queued_dttm=NOW - 70)
    airflow.task("train", "r", "d", "scheduled")
    airflow.task("train", "r", "e", None)
    airflow.task("hidden", "r", "a", "running")
    report = tasks(source, "train")
    assert report.active == Counter({("train", "queued"): 2, ("train", "running"): 1, ("train", "scheduled"): 1})
    assert report.oldest_queued == {"train": NOW - 70}


def test_tasks_that_ended_within_the_window(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "r", "success", NOW - 2 * DAY, end=NOW - HOUR)
    airflow.task("train", "r", "early", "success", end_date=NOW - 1.5 * DAY)
    airflow.task("train", "r", "a", "success", end_date=NOW - HOUR, try_number=3)
    airflow.task("train", "r", "b", "failed", end_date=NOW - HOUR)
    airflow.task("train", "r", "c", "upstream_failed", end_date=NOW - HOUR, try_number=0)
    airflow.run("train", "goes on", "running", NOW - 20 * DAY, start=NOW - 20 * DAY)
    airflow.task("train", "goes on", "a", "skipped", end_date=NOW - HOUR)
    airflow.run("train", "before", "success", NOW - 3 * DAY, end=NOW - 2 * DAY)
    airflow.task("train", "before", "a", "success", end_date=NOW - 2 * DAY)
    report = tasks(source, "train")
    assert report.complete
    assert report.recent == Counter(
        {("train", state): 1 for state in ("success", "failed", "upstream_failed", "skipped")}
    )
    assert report.retries == {"train": 2}
    assert report.of_tasks == {}


def test_tasks_one_by_one(airflow: AirflowDatabase, source: SqlSource) -> None:
    for number, (run, end) in enumerate([("old", NOW - 5 * HOUR), ("new", NOW - HOUR)]):
        airflow.run("train", run, "success", end - 60, end=end)
        airflow.task("train", run, "fit", "success", end_date=end, duration=10.0 + number, try_number=2)
    airflow.task("train", "new", "score", "failed", end_date=NOW - HOUR, duration=1.0, map_index=0)
    airflow.task("train", "new", "score", "failed", end_date=NOW - HOUR + 5, duration=2.0, map_index=1)
    airflow.task("train", "new", "score", "success", end_date=NOW - HOUR + 3, duration=3.0, map_index=2)
    report = tasks(source, "train", one_by_one=("train",))
    fit, score = TaskKey("train", "fit"), TaskKey("train", "score")
    assert report.of_tasks == {fit: {"success": 2}, score: {"failed": 2, "success": 1}}
    assert report.task_retries == {fit: 2, score: 0}
    assert report.last == {
        fit: LastTask("success", NOW - HOUR, 11.0),
        score: LastTask("failed", NOW - HOUR + 5, 2.0),
    }
    assert report.recent == {("train", "success"): 3, ("train", "failed"): 2}


def test_tasks_that_end_later_are_added(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "r", "running", NOW - HOUR, start=NOW - HOUR)
    airflow.task("train", "r", "a", "success", end_date=NOW - HOUR)
    airflow.task("train", "r", "b", "running")
    assert tasks(source, "train").recent == {("train", "success"): 1}
    airflow.change("task_instance", {"task_id": "b"}, state="failed", end_date=NOW)
    assert tasks(source, "train").recent == {("train", "success"): 1, ("train", "failed"): 1}


def test_tasks_that_are_cleared_do_not_count_any_more(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.run("train", "r", "failed", NOW - HOUR, end=NOW - HOUR + 60)
    airflow.task("train", "r", "a", "failed", end_date=NOW - HOUR)
    assert tasks(source, "train").recent == {("train", "failed"): 1}
    airflow.change("task_instance", {"task_id": "a"}, state=None, end_date=None)
    airflow.change("dag_run", {"run_id": "r"}, state="queued", end_date=None, updated_at=time.time())
    assert tasks(source, "train").recent == {}


def test_tasks_leave_the_window_one_by_one(airflow: AirflowDatabase, source: SqlSource) -> None:
    # Not one that is split into its tasks: here they are one number.
    airflow.run("score", "r", "success", NOW - 23 * HOUR, end=NOW - 20 * HOUR)
    for hours in (20, 21, 22, 23):
        airflow.task("score", "r", f"{hours}", "success", end_date=NOW - hours * HOUR)

    def count(later: float) -> int:
        return source.tasks(SINCE + later, ["score"], [], deadline()).recent["score", "success"]

    assert [count(hours * HOUR + 1) for hours in (0, 1, 2, 3, 4)] == [4, 3, 2, 1, 0]


def test_what_was_deleted_or_set_by_hand_is_found_when_all_is_read_anew(airflow: AirflowDatabase) -> None:
    for run in ("a", "b"):
        airflow.run("train", run, "success", NOW - HOUR - ord(run), end=NOW - HOUR)
        airflow.task("train", run, "t", "success", end_date=NOW - HOUR)
    with sql_source(airflow.url, baseline_interval="1ms") as source:
        assert tasks(source, "train").recent == {("train", "success"): 2}
        airflow.execute("DELETE FROM dag_run WHERE run_id = 'a'")
        airflow.change("task_instance", {"run_id": "b"}, state="failed")
        assert tasks(source, "train").recent == {("train", "failed"): 1}


def test_a_dag_that_is_not_configured_is_not_read(airflow: AirflowDatabase) -> None:
    airflow.run("train", "r", "success", NOW - HOUR, end=NOW - HOUR)
    airflow.task("train", "r", "t", "success", end_date=NOW - HOUR)
    with sql_source(airflow.url, dags={"exclude": ["train"]}) as source:
        assert tasks(source, "train").recent == {}


def test_what_takes_longer_than_one_collection_goes_on_in_the_next(
    airflow: AirflowDatabase, source: SqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlvitals.airflow.sql.ended.BATCH", 2)
    for number in range(5):
        airflow.run("train", f"{number}", "success", NOW - HOUR + number, end=NOW - HOUR)
        airflow.task("train", f"{number}", "t", "success", end_date=NOW - HOUR)
    assert [source.tasks(SINCE, ["train"], [], Hurried(30)).complete for _ in range(3)] == [False, False, True]
    assert tasks(source, "train").recent == {("train", "success"): 5}


# --- assets and triggered runs ----------------------------------------------------------------------------------------


def test_assets_with_their_last_event(airflow: AirflowDatabase, source: SqlSource) -> None:
    airflow.asset(1, "s3://b", [NOW - 9, NOW - 5, NOW - 7])
    airflow.asset(2, "s3://a")
    assert list(source.assets(deadline())) == [Asset("s3://a", None), Asset("s3://b", NOW - 5)]


def test_assets_of_airflow_3_that_nothing_uses_are_left_out(airflow3: AirflowDatabase) -> None:
    airflow3.asset(1, "s3://a", [NOW - 9])
    airflow3.asset(2, "s3://a", [NOW - 5], active=False)
    airflow3.asset(3, "s3://gone", [NOW], active=False)
    with sql_source(airflow3.url) as source:
        assert list(source.assets(deadline())) == [Asset("s3://a", NOW - 9)]


def test_the_run_that_a_task_triggered_last(airflow: AirflowDatabase, source: SqlSource) -> None:
    for number, age in enumerate([300.0, 200.0]):
        parent = airflow.run("overall", f"p{number}", "running", NOW - age, start=NOW - age)
        airflow.trigger(parent, "overall", f"p{number}", "go", ("train", f"c{number}"), NOW - age + 5)
        airflow.run("train", f"c{number}", "success", NOW - age + 5, start=NOW - age + 6, end=NOW - age + 60)
    link = Link("overall", "go", "train")
    (found,) = source.triggered(SINCE, ["overall"], deadline())
    assert (found.link, found.run.key.run_id, found.run.state) == (link, "c1", "success")
    assert list(source.triggered(SINCE, ["train"], deadline())) == []
    # Its state is read each time, and a newer one takes its place.
    airflow.change("dag_run", {"run_id": "c1"}, state="failed")
    (found,) = source.triggered(SINCE, ["overall"], deadline())
    assert found.run.state == "failed"
    parent = airflow.run("overall", "p2", "running", NOW, start=NOW)
    airflow.trigger(parent, "overall", "p2", "go", ("train", "c2"), NOW)
    airflow.run("train", "c2", "queued", NOW)
    (found,) = source.triggered(SINCE, ["overall"], deadline())
    assert (found.run.key.run_id, found.run.state) == ("c2", "queued")
    airflow.execute("DELETE FROM dag_run WHERE run_id = 'c2'")
    assert list(source.triggered(SINCE, ["overall"], deadline())) == []


def test_what_was_triggered_before_the_window_is_told_of_what_still_runs(
    airflow: AirflowDatabase, source: SqlSource
) -> None:
    for number, (task, state) in enumerate([("waits", "running"), ("is over", "success")]):
        begin, end = NOW - 3 * DAY + number, None if state == "running" else NOW - 2 * DAY
        parent = airflow.run("overall", task, state, begin, start=begin, end=end)
        airflow.trigger(parent, "overall", task, task, ("train", f"of {task}"), begin + 60)
        airflow.run("train", f"of {task}", "success", begin + 60, end=NOW)
    triggered: list[Triggered] = list(source.triggered(SINCE, ["overall"], deadline()))
    assert [each.run.key for each in triggered] == [RunKey("train", "of waits")]
    parent = airflow.run("overall", "overlaps", "running", NOW, start=NOW)
    airflow.trigger(parent, "overall", "overlaps", "later", ("train", "of waits"), NOW)
    assert len(list(source.triggered(SINCE, ["overall"], deadline()))) == 2


@pytest.mark.parametrize("renew_after", ["1h", "1ms"])
def test_what_was_triggered_is_remembered_beyond_the_window(airflow: AirflowDatabase, renew_after: str) -> None:
    parent = airflow.run("overall", "p", "success", NOW - HOUR, start=NOW - HOUR, end=NOW - HOUR + 60)
    airflow.trigger(parent, "overall", "p", "go", ("train", "c"), NOW - HOUR)
    airflow.run("train", "c", "running", NOW - HOUR)
    with sql_source(airflow.url, baseline_interval=renew_after) as source:
        for since in (SINCE, NOW - 60, NOW):
            (found,) = source.triggered(since, ["overall"], deadline())
            assert (found.run.key.run_id, found.run.state) == ("c", "running")
        airflow.change("dag_run", {"run_id": "c"}, state="failed")
        (found,) = source.triggered(NOW, ["overall"], deadline())
        assert found.run.state == "failed"
        assert list(source.triggered(NOW, ["train"], deadline())) == [], "the parent is gone"


def test_a_task_that_triggers_no_more_is_forgotten(airflow: AirflowDatabase, source: SqlSource) -> None:
    def trigger(run_id: str, at: float, *task_ids: str) -> None:
        parent = airflow.run("overall", run_id, "success", at, start=at, end=at + 60)
        for task_id in task_ids:
            airflow.trigger(parent, "overall", run_id, task_id, ("train", "c"), at)

    def shown(since: float) -> set[str]:
        return {each.link.task_id for each in source.triggered(since, ["overall"], deadline())}

    airflow.run("train", "c", "failed", NOW - HOUR, end=NOW)
    trigger("p1", NOW - HOUR, "renamed", "go")
    assert shown(SINCE) == {"renamed", "go"}
    # Not NOW, which may be long ago when this is one of many tests.
    trigger("p2", time.time(), "go")
    assert shown(NOW - 60) == {"go"}


def test_links_of_long_ago_are_bounded(
    airflow: AirflowDatabase, source: SqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlvitals.airflow.links.MAX_LINKS", 2)
    parent = airflow.run("overall", "p", "success", NOW - HOUR, start=NOW - HOUR, end=NOW - HOUR + 60)
    for number in range(4):
        airflow.trigger(parent, "overall", "p", f"t{number}", ("train", "c"), NOW - HOUR - number)
    airflow.run("train", "c", "success", NOW - HOUR, end=NOW)
    for _ in range(2):
        shown = {each.link.task_id for each in source.triggered(SINCE, ["overall"], deadline())}
        assert shown == {"t0", "t1"}, "the newest"


def test_a_pickled_xcom_is_left_alone(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "two.db", "2.11")
    parent = airflow.run("overall", "p", "running", NOW, start=NOW)
    evil: Any = b"cos\nmkdir\n(S'" + str(tmp_path / "made").encode() + b"'\ntR."
    airflow.trigger(parent, "overall", "p", "go", ("train", "c"), NOW, value=evil)
    with sql_source(airflow.url) as source:
        assert list(source.triggered(SINCE, ["overall"], deadline())) == []
    assert not (tmp_path / "made").exists()
    airflow.engine.dispose()
