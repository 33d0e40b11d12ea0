"""What holds for every live world, whatever the release and the database of its Airflow."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table

from compose.airflow import AIRFLOW_3
from mlvitals.airflow import metrics as m
from tests.live.airflow.checking import check
from tests.live.airflow.expected import LINKS
from tests.live.airflow.guide import otherwise
from tests.live.airflow.looking import SOURCES, Look, differences, faults, looking, settings
from tests.live.airflow.world import World
from tests.support.exposition import Samples, sample
from tests.support.processes import addresses
from tests.support.waiting import soon, until

SHOWN_BY_TESTS_OF_THEIR_OWN = {str(m.COMPONENT_HEALTHY), str(m.TRIGGERED_STATE)}
TRANSIENT = """
from releases import EmptyOperator, dag

with dag("{dag_id}"):
    EmptyOperator(task_id="rest")
"""


class EveryWorld:
    """Tests of the fixture `world`, with a look from each source; each leaves it as it was."""

    @pytest.mark.parametrize("source", SOURCES)
    def test_a_page_shows_what_is_true_and_nothing_else(
        self, world: World, looks: dict[str, Look], source: str
    ) -> None:
        soon(lambda: faults(world, source, looks[source]()))

    def test_the_sources_agree_but_for_what_the_guide_lists(self, world: World, looks: dict[str, Look]) -> None:
        listed = otherwise(world.airflow.release) - SHOWN_BY_TESTS_OF_THEIR_OWN
        soon(lambda: _not_listed(differences(looks["REST"](), looks["database"]()), listed))

    def test_a_triggerer_that_is_late_by_another_bound(self, world: World, looks: dict[str, Look]) -> None:
        healthy = sample(m.COMPONENT_HEALTHY, component="triggerer")
        with world.airflow.triggerer.frozen():
            _let_the_triggerer_be_late(world, timedelta(minutes=2))
            assert [looks[source]()[healthy] for source in SOURCES] == [1, 0]
        until(lambda: looks["database"]()[healthy] == 1)

    def test_over_rest_triggered_runs_are_learnt_little_by_little(self, world: World) -> None:
        shown = [len(LINKS) - 1, len(LINKS)]
        with (
            looking(settings(world, "REST", max_xcom_calls=1)) as rest,
            looking(settings(world, "database")) as database,
        ):
            assert [_links(rest()) for _ in shown] == shown
            assert _links(database()) == len(LINKS)

    def test_a_dag_comes_runs_is_renamed_and_deleted(self, world: World, looks: dict[str, Look]) -> None:
        file = world.dags / "transient.py"

        def shown(dag_id: str) -> bool:
            # What is not in a file any more is noticed some seconds later, and only when the file is read again.
            file.touch()
            return all(_dags(look()) & {"comes", "renamed"} == {dag_id} for look in looks.values())

        try:
            file.write_text(TRANSIENT.format(dag_id="comes"))
            until(lambda: "comes" in world.dag_ids())
            world.trigger("comes", "a", {})
            succeeded = sample(m.DAG_LAST_RUN_STATE, dag_id="comes", state="success")
            until(lambda: all(look().get(succeeded) == 1 for look in looks.values()))
            file.write_text(TRANSIENT.format(dag_id="renamed"))
            until(lambda: shown("renamed"))
        finally:
            file.unlink()
        world.airflow.call("DELETE", "/dags/renamed")
        world.airflow.call("DELETE", "/dags/comes")
        until(lambda: not any(_dags(look()) & {"comes", "renamed"} for look in looks.values()))
        assert not any(_mention(look(), "comes") or _mention(look(), "renamed") for look in looks.values())

    def test_check_says_that_the_password_is_wrong(self, world: World, tmp_path: Path) -> None:
        (tmp_path / "wrong").write_text("a wrong password")
        auth = {"username": world.airflow.viewer[0], "password_file": "wrong"}
        said = check(tmp_path, settings(world, "REST", auth=auth))
        assert re.search(r"user name or (the )?password", said), said
        assert "a wrong password" not in said

    def test_check_says_that_the_url_is_of_another_release(self, world: World, tmp_path: Path) -> None:
        of_3 = world.airflow.release is AIRFLOW_3
        said = check(tmp_path, settings(world, "REST", url=f"{world.airflow.url}/api/{'v1' if of_3 else 'v2'}"))
        assert f"this is Airflow {'3' if of_3 else '2'} (" in said, said
        assert f"set url to {world.airflow.url}" in said, said

    def test_it_listens_on_loopback_only(self, world: World) -> None:
        assert addresses(world.folder) == {"127.0.0.1"}

    def test_its_passwords_are_in_no_log(self, world: World) -> None:
        logs = "".join(log.read_text(errors="replace") for log in world.folder.rglob("*.log"))
        assert [password for _, password in (world.airflow.admin, world.airflow.viewer) if password in logs] == []


def _not_listed(found: dict[str, str], listed: set[str]) -> list[str]:
    return [f"{metric} {found.get(metric, 'does not differ')}" for metric in sorted(found.keys() ^ listed)]


def _let_the_triggerer_be_late(world: World, by: timedelta) -> None:
    with world.metadata() as connection:
        job = Table("job", MetaData(), autoload_with=connection)
        past = datetime.now(UTC) - by
        of_triggerer = job.update().where(job.c.job_type == "TriggererJob")
        connection.execute(of_triggerer.values(latest_heartbeat=past))


def _links(seen: Samples) -> int:
    return sum(metric == str(m.TRIGGERED_STATE) and value == 1 for (metric, _), value in seen.items())


def _dags(seen: Samples) -> set[str]:
    return {dict(labels)["dag_id"] for metric, labels in seen if metric == str(m.DAG_PAUSED)}


def _mention(seen: Samples, dag_id: str) -> bool:
    return any(value == dag_id for _, labels in seen for _, value in labels)
