"""What holds for the database of a live world on PostgreSQL, and for copies of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from compose.airflow import AIRFLOW_2
from compose.mariadb import mariadb_server
from mlvitals.airflow import metrics as m
from tests.live.airflow.checking import check
from tests.live.airflow.looking import differences, looking, settings
from tests.live.airflow.world import World

COPY = Path(__file__).parent / "copy_metadata.py"
# Of Airflow's ids in MySQL, as its documentation wants it; without it keys are too long.
COLLATION = {"AIRFLOW__DATABASE__SQL_ENGINE_COLLATION_FOR_IDS": "utf8mb3_bin"}


class OnServers:
    """Tests of the fixture `world`; each leaves it as it was."""

    def test_a_copy_in_mariadb_tells_the_same(self, world: World, tmp_path: Path) -> None:
        with mariadb_server(tmp_path) as mariadb, world.airflow.dag_processor.frozen():
            copy_metadata(world, mariadb.create_database("airflow"))
            (tmp_path / "password").write_text(mariadb.password)
            where = {"url": f"mysql://127.0.0.1:{mariadb.port}/airflow", "username": "airflow"}
            compare_with(world, where | {"password_file": str(tmp_path / "password")})

    def test_check_says_which_rights_a_role_lacks(self, world: World, tmp_path: Path) -> None:
        world.postgres.sql("CREATE ROLE poor LOGIN PASSWORD 'poor'; GRANT SELECT ON dag, dag_run TO poor", "airflow")
        (tmp_path / "poor").write_text("poor")
        database = settings(world, "database")["database"] | {"username": "poor", "password_file": "poor"}
        said = check(tmp_path, settings(world, "database", database=database))
        assert "GRANT SELECT ON" in said, said
        assert "task_instance" in said, said

    def test_check_says_that_the_roles_password_is_wrong(self, world: World, tmp_path: Path) -> None:
        (tmp_path / "wrong").write_text("a wrong password")
        database = settings(world, "database")["database"] | {"password_file": "wrong"}
        said = check(tmp_path, settings(world, "database", database=database))
        assert "password authentication failed" in said, said
        assert "a wrong password" not in said


def copy_metadata(made: World, url: str) -> None:
    """Copy Airflow's metadata into the empty database at that URL of SQLAlchemy."""
    airflow = made.airflow
    env = {**airflow.env, **(COLLATION if url.startswith("mysql") else {})}
    if airflow.release is AIRFLOW_2:
        # Airflow 3 refuses to do it with PyMySQL.
        migrate = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
        _run([airflow.python, "-m", "airflow", "db", "migrate"], env | migrate)
    _run([airflow.python, COPY, airflow.database, url], env)


def compare_with(made: World, copy: dict[str, str]) -> None:
    """The copy, as an exporter is told of it, and the original tell the same."""
    with (
        looking(settings(made, "database", database=copy)) as look,
        looking(settings(made, "database")) as original,
    ):
        different = differences(look(), original())
    # Nobody sends heartbeats to the copy.
    assert different.keys() <= {str(m.COMPONENT_HEALTHY)}, different


def _run(command: list[str | Path], env: dict[str, str]) -> None:
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
