"""Which runs were triggered by tasks: learnt from few XComs, and kept up to date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlvitals.airflow.facts import Link
from mlvitals.airflow.rest.source import RestSource
from mlvitals.core.collector import Deadline, UpstreamError
from tests.exporters.airflow.fake import NOW, FakeAirflow
from tests.exporters.airflow.reading import rest_source
from tests.support.replay import Answer, Replay, Request

DAY = 86400.0
LINK = Link("parent", "trigger", "child")


@pytest.fixture(params=["v1", "v2"])
def airflow(request: pytest.FixtureRequest) -> FakeAirflow:
    made = FakeAirflow(request.param)
    made.run("parent", "p1", "running", start_date=NOW - 60)
    made.run("child", "c1", "running", start_date=NOW - 30)
    made.trigger("parent", "p1", "trigger", "child", "c1", start_date=NOW - 50)
    return made


@pytest.fixture
def server(airflow: FakeAirflow) -> Iterator[Replay]:
    with Replay(airflow) as replay:
        yield replay


@pytest.fixture
def source(server: Replay) -> Iterator[RestSource]:
    with rest_source(server.url) as made:
        yield made


def links(source: RestSource, *dag_ids: str) -> dict[Link, tuple[str, str]]:
    """In one collection: link -> run id and state of the child."""
    deadline = Deadline(30)
    list(source.dags(deadline))
    found = source.triggered(source.clock() - 86400, dag_ids or ("parent", "child"), deadline)
    return {each.link: (each.run.key.run_id, each.run.state) for each in found}


def xcoms(server: Replay) -> list[str]:
    """The XComs that were asked for, and forget all requests."""
    asked = [request.path for request in server.requests if "xcomEntries" in request.path]
    server.requests.clear()
    return asked


def test_a_link_is_learnt_once_and_its_run_followed(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    assert links(source) == {LINK: ("c1", "running")}
    assert len(xcoms(server)) == 1
    airflow.now += 30
    airflow.run("child", "c1", "success", end_date=airflow.now)
    airflow.task("parent", "p1", "trigger", "success", end_date=airflow.now)
    assert links(source) == {LINK: ("c1", "success")}
    assert xcoms(server) == []
    airflow.now += 30
    airflow.run("child", "c1", "queued", start_date=None, end_date=None)
    assert links(source) == {LINK: ("c1", "queued")}, "it was cleared"
    assert len(server.requests) == 3, "DAGs, task instances, runs"


def test_only_what_is_shown_is_learnt(server: Replay, source: RestSource) -> None:
    assert links(source, "child") == {}
    assert xcoms(server) == []


def test_the_last_run_of_a_link_counts(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    assert links(source) == {LINK: ("c1", "running")}
    airflow.now += 60
    airflow.run("child", "c2", "failed", start_date=airflow.now, end_date=airflow.now)
    airflow.trigger("parent", "p2", "trigger", "child", "c2", state="failed", end_date=airflow.now)
    assert links(source) == {LINK: ("c2", "failed")}
    airflow.run("other", "o1", "success", start_date=airflow.now, end_date=airflow.now)
    airflow.trigger("parent", "p3", "trigger", "other", "o1", state="success", end_date=airflow.now)
    assert links(source) == {
        LINK: ("c2", "failed"),
        Link("parent", "trigger", "other"): ("o1", "success"),
    }, "a task may trigger several DAGs over time"


def test_a_new_try_triggers_another_run(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    links(source)
    airflow.now += 60
    del airflow.xcoms["parent", "p1", "trigger", -1]
    airflow.task("parent", "p1", "trigger", "running", start_date=airflow.now, try_number=2)
    assert links(source) == {LINK: ("c1", "running")}, "until the new try has triggered one"
    airflow.run("child", "c2", "running", start_date=airflow.now)
    airflow.trigger("parent", "p1", "trigger", "child", "c2", try_number=2)
    assert links(source) == {LINK: ("c2", "running")}


def test_a_mapped_task_triggers_many_runs_and_one_xcom_is_read(
    airflow: FakeAirflow, server: Replay, source: RestSource
) -> None:
    for index in range(30):
        airflow.run("child", f"m{index}", "success", start_date=NOW, end_date=NOW)
        start = NOW - 40 + index
        airflow.trigger("parent", "p1", "mapped", "child", f"m{index}", map_index=index, start_date=start)
    assert links(source)[Link("parent", "mapped", "child")] == ("m29", "success")
    asked = [path for path in xcoms(server) if "/mapped/" in path]
    assert len(asked) == 1
    assert links(source)[Link("parent", "mapped", "child")] == ("m29", "success")
    assert xcoms(server) == []


def test_a_run_that_the_task_names_needs_no_xcom(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    airflow.run("child", "mine", "success", start_date=NOW, end_date=NOW)
    fields = {"trigger_dag_id": "child", "trigger_run_id": "mine"}
    airflow.task("parent", "p1", "trigger", "running", start_date=NOW - 50, rendered_fields=fields)
    assert links(source) == {LINK: ("mine", "success")}
    assert xcoms(server) == []


def test_a_task_that_ended_without_triggering_is_asked_once(
    airflow: FakeAirflow, server: Replay, source: RestSource
) -> None:
    airflow.xcoms.clear()
    assert links(source) == {}
    assert links(source) == {}
    assert len(xcoms(server)) == 2, "one at work may yet trigger"
    airflow.task("parent", "p1", "trigger", "failed", end_date=NOW)
    for _ in range(3):
        assert links(source) == {}
    assert len(xcoms(server)) == 1


@pytest.mark.parametrize("state", ["skipped", "upstream_failed", "removed", "scheduled", "queued", None])
def test_a_task_that_never_began_triggers_nothing(
    airflow: FakeAirflow, server: Replay, source: RestSource, state: str | None
) -> None:
    airflow.task("parent", "p1", "trigger", state, start_date=NOW, end_date=NOW)
    assert links(source) == {}
    assert xcoms(server) == []


@pytest.mark.parametrize("value", [None, 3, ["c1"], ""])
def test_an_xcom_that_is_no_run_id(airflow: FakeAirflow, source: RestSource, value: object) -> None:
    airflow.xcoms["parent", "p1", "trigger", -1] = value  # type: ignore[assignment]
    assert links(source) == {}


@pytest.mark.parametrize(("calls", "shown"), [(0, [0, 0]), (2, [2, 4, 5]), (20, [5])])
def test_few_xcoms_are_read_in_one_collection(airflow: FakeAirflow, calls: int, shown: list[int]) -> None:
    airflow.instances.clear()
    for number in range(5):
        airflow.run("child", f"c{number}", "success", end_date=NOW)
        airflow.trigger("parent", "p1", f"t{number}", "child", f"c{number}", start_date=NOW - number)
    with Replay(airflow) as server, rest_source(server.url, max_xcom_calls=calls) as source:
        assert [len(links(source)) for _ in shown] == shown


def test_a_deleted_child_is_left_out_and_noticed_in_time(airflow: FakeAirflow, server: Replay) -> None:
    with rest_source(server.url, baseline_interval="1ms") as source:
        assert links(source) == {LINK: ("c1", "running")}
        del airflow.runs["child", "c1"]
        assert links(source) == {}


@pytest.mark.parametrize("renew_after", ["1h", "1ms"])
def test_what_a_link_triggered_is_remembered_beyond_the_window(
    airflow: FakeAirflow, server: Replay, renew_after: str
) -> None:
    airflow.task("parent", "p1", "trigger", "success", end_date=NOW)
    with rest_source(server.url, baseline_interval=renew_after) as source:
        assert links(source) == {LINK: ("c1", "running")}
        for day in (1, 2, 3):
            airflow.now = NOW + day * DAY
            state = "failed" if day == 2 else "running"
            airflow.run("child", "c1", state, end_date=airflow.now if day == 2 else None)
            assert links(source) == {LINK: ("c1", state)}
        assert links(source, "child") == {}, "the parent is gone"
        airflow.run("child", "c2", "queued")
        airflow.trigger("parent", "p2", "trigger", "child", "c2")
        assert links(source) == {LINK: ("c2", "queued")}


def test_a_task_that_triggers_no_more_is_forgotten(airflow: FakeAirflow, source: RestSource) -> None:
    renamed = Link("parent", "renamed", "child")
    airflow.run("child", "c0", "failed", end_date=NOW)
    more = {"state": "success", "start_date": NOW - 40, "end_date": NOW}
    airflow.trigger("parent", "p1", "renamed", "child", "c0", **more)
    airflow.task("parent", "p1", "trigger", "success", end_date=NOW)
    assert links(source) == {LINK: ("c1", "running"), renamed: ("c0", "failed")}
    airflow.now += 2 * DAY
    airflow.run("child", "c2", "queued")
    airflow.trigger("parent", "p1", "trigger", "child", "c2", try_number=2)
    assert links(source)[renamed] == ("c0", "failed"), "it is the same run of the chain"
    airflow.run("child", "c3", "queued")
    airflow.trigger("parent", "p2", "trigger", "child", "c3", start_date=airflow.now + 1)
    assert links(source) == {LINK: ("c3", "queued")}
    for run_id in ("p1", "p2"):
        airflow.task("parent", run_id, "trigger", "success", end_date=airflow.now)
    airflow.now += 34 * DAY
    assert links(source) == {LINK: ("c3", "queued")}
    airflow.now += 3 * DAY
    assert links(source) == {}, "the task may be gone from the DAG"


def test_a_task_that_has_waited_for_longer_than_the_window_is_known_from_the_start(
    airflow: FakeAirflow, source: RestSource
) -> None:
    long_ago = NOW - 25.5 * 3600
    airflow.run("parent", "p1", "running", start_date=long_ago, updated_at=long_ago)
    airflow.task("parent", "p1", "trigger", "running", start_date=long_ago, updated_at=long_ago)
    for _ in range(2):
        deadline = Deadline(30)
        list(source.dags(deadline))
        source.tasks(source.clock() - DAY, ["parent"], [], deadline)
        (found,) = source.triggered(source.clock() - DAY, ["parent"], deadline)
        assert (found.link, found.run.key.run_id) == (LINK, "c1")
        airflow.now += 30
    airflow.run("other", "o1", "running")
    airflow.trigger("parent", "p2", "later", "other", "o1")
    assert len(links(source)) == 2, "runs of the chain overlap"


def test_links_of_long_ago_are_bounded(airflow: FakeAirflow, server: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlvitals.airflow.links.MAX_LINKS", 2)
    airflow.instances.clear()
    for number in range(4):
        airflow.run("child", f"c{number}", "success", end_date=NOW)
        more = {"state": "success", "start_date": NOW - number, "end_date": NOW}
        airflow.trigger("parent", "p1", f"t{number}", "child", f"c{number}", **more)
    with rest_source(server.url) as source:
        for _ in range(2):
            assert {link.task_id for link in links(source)} == {"t0", "t1"}, "the newest"


def test_a_child_that_is_nowhere_is_asked_for_once(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    airflow.runs.clear()
    for _ in range(3):
        assert links(source) == {}
    asked = [request for request in server.requests if request.path.endswith("/dagRuns/c1")]
    assert len(asked) == 1


def test_names_that_no_path_should_hold(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    run_id = "manual__2026-11-23T00:26:27+00:00 ü?#%2F"
    airflow.run("child", run_id, "success", end_date=NOW)
    airflow.trigger("parent", run_id, "trigger", "child", run_id, start_date=NOW)
    assert links(source) == {LINK: (run_id, "success")}


def test_nothing_is_told_when_task_instances_cannot_be_read(
    airflow: FakeAirflow, server: Replay, source: RestSource
) -> None:
    def respond(request: Request) -> Answer:
        return Answer(500) if "taskInstances" in request.path else airflow(request)

    server.respond = respond
    with pytest.raises(UpstreamError, match="500"):
        links(source)
    server.respond = airflow
    assert links(source) == {LINK: ("c1", "running")}
