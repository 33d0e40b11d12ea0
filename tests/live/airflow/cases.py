"""What holds for every live world, whatever the release and the database of its Airflow."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import MetaData, Table

from compose.airflow import AIRFLOW_3
from mlvitals.airflow import metrics as m
from tests.live.airflow.expected import LINKS
from tests.live.airflow.looking import SOURCES, Look, faults, looking, otherwise, settings, soon
from tests.live.airflow.world import World
from tests.support.exposition import Samples, sample
from tests.support.processes import addresses
from tests.support.waiting import until

SHOWN_BY_TESTS_OF_THEIR_OWN = {str(m.COMPONENT_HEALTHY), str(m.TRIGGERED_STATE)}
TRANSIENT = """
from releases import EmptyOperator, dag

with dag("{dag_id}"):
    EmptyOperator(task_id="rest")
"""


class EveryWorld:
    """Tests of the fixture `world`; each leaves it as it was."""

    @pytest.fixture
    def looks(self, world: World) -> Iterator[dict[str, Look]]:
        """A look from each source."""
        with ExitStack() as closed:
            yield {source: closed.enter_context(looking(settings(world, source))) for source in SOURCES}

    @pytest.mark.parametrize("source", SOURCES)
    def test_a_page_shows_what_is_true_and_nothing_else(
        self, world: World, looks: dict[str, Look], source: str
    ) -> None:
        soon(lambda: faults(world, source, looks[source]()))

    def test_the_sources_agree_but_for_what_the_guide_lists(self, world: World, looks: dict[str, Look]) -> None:
        listed = otherwise(world.airflow.release) - SHOWN_BY_TESTS_OF_THEIR_OWN
        soon(lambda: sorted(_differences(looks["REST"](), looks["database"]()) ^ listed))

    def test_a_triggerer_that_is_late_by_another_bound(self, world: World, looks: dict[str, Look]) -> None:
        healthy = sample(m.COMPONENT_HEALTHY, component="triggerer")
        world.airflow.triggerer.send(signal.SIGSTOP)
        try:
            _let_the_triggerer_be_late(world, timedelta(minutes=2))
            assert [looks[source]()[healthy] for source in SOURCES] == [1, 0]
        finally:
            world.airflow.triggerer.send(signal.SIGCONT)
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
        try:
            file.write_text(TRANSIENT.format(dag_id="comes"))
            until(lambda: "comes" in world.dag_ids())
            world.trigger("comes", "a", {})
            succeeded = sample(m.DAG_LAST_RUN_STATE, dag_id="comes", state="success")
            until(lambda: all(look().get(succeeded) == 1 for look in looks.values()))
            file.write_text(TRANSIENT.format(dag_id="renamed"))
            until(lambda: all(_dags(look()) & {"comes", "renamed"} == {"renamed"} for look in looks.values()))
        finally:
            file.unlink()
        world.airflow.call("DELETE", "/dags/renamed")
        world.airflow.call("DELETE", "/dags/comes")
        until(lambda: not any(_dags(look()) & {"comes", "renamed"} for look in looks.values()))
        assert not any(_mention(look(), "comes") or _mention(look(), "renamed") for look in looks.values())

    def test_check_says_that_the_password_is_wrong(self, world: World, tmp_path: Path) -> None:
        auth = {"username": world.airflow.viewer[0], "password": "${WRONG}"}
        said = _check(tmp_path, settings(world, "REST", auth=auth))
        assert re.search(r"user name or (the )?password", said)
        assert "a wrong password" not in said

    def test_check_says_that_the_url_is_of_another_release(self, world: World, tmp_path: Path) -> None:
        of_3 = world.airflow.release is AIRFLOW_3
        said = _check(tmp_path, settings(world, "REST", url=f"{world.airflow.url}/api/{'v1' if of_3 else 'v2'}"))
        assert (f"this is Airflow {'3' if of_3 else '2'} (" in said) and "set url to" in said

    def test_it_listens_on_loopback_only(self, world: World) -> None:
        assert addresses(world.dags.parent) == {"127.0.0.1"}

    def test_its_passwords_are_in_no_log(self, world: World) -> None:
        logs = "".join(log.read_text(errors="replace") for log in world.dags.parent.rglob("*.log"))
        assert [password for _, password in (world.airflow.admin, world.airflow.viewer) if password in logs] == []


def _differences(one: Samples, other: Samples) -> set[str]:
    """Metrics that both have and of which they tell different values."""
    both = {metric for metric, _ in one} & {metric for metric, _ in other}
    keys = {key for key in one.keys() | other.keys() if key[0] in both}
    return {key[0] for key in keys if not _same(key[0], one.get(key), other.get(key))}


def _same(metric: str, one: float | None, other: float | None) -> bool:
    """Durations are rounded to microseconds by some, and heartbeats go on between two looks."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < (60 if metric == str(m.COMPONENT_LAST_HEARTBEAT) else 2e-6)


def _let_the_triggerer_be_late(world: World, by: timedelta) -> None:
    with world.metadata() as connection:
        job = Table("job", MetaData(), autoload_with=connection)
        naive = job.c.latest_heartbeat.type.python_type and connection.dialect.name == "sqlite"
        past = datetime.now(UTC) - by
        of_triggerer = job.update().where(job.c.job_type == "TriggererJob")
        connection.execute(of_triggerer.values(latest_heartbeat=past.replace(tzinfo=None) if naive else past))


def _links(seen: Samples) -> int:
    return sum(metric == str(m.TRIGGERED_STATE) and value == 1 for (metric, _), value in seen.items())


def _dags(seen: Samples) -> set[str]:
    return {dict(labels)["dag_id"] for metric, labels in seen if metric == str(m.DAG_PAUSED)}


def _mention(seen: Samples, dag_id: str) -> bool:
    return any(value == dag_id for _, labels in seen for _, value in labels)


def _check(folder: Path, exporter: dict[str, Any]) -> str:
    """What `mlvitals check --live` says of an exporter that cannot read."""
    (folder / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": [exporter]}))
    command = [sys.executable, "-m", "mlvitals", "check", "--live"]
    env = {"WRONG": "a wrong password", "COLUMNS": "500"}
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 1, run.stdout
    return run.stdout + run.stderr
