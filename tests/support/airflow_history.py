"""A metadata database of Airflow 3 on PostgreSQL with a made-up past, made in the server itself.

Every DAG runs once an hour, with runs and tasks numbered in the order of time, as Airflow does. One DAG in twenty has
been quiet for days, one in ten has confs, one in twenty-five triggers the next one. In the last hour some run and some
are queued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Execute = Callable[[str], object]

SCHEMAS = Path(__file__).resolve().parents[1] / "exporters/airflow/schema"
_QUIET = "d % 20 = 0"
_PARENT = "d % 25 = 1"
_QUIET_HOURS = 72


def statements(name: str) -> list[str]:
    """The statements that make the empty tables, as recorded from a real Airflow."""
    return [part for part in (SCHEMAS / name).read_text().split(";\n") if part.strip()]


@dataclass(frozen=True)
class History:
    """So many DAGs, each with so many runs of so many tasks."""

    dags: int = 500
    hours: int = 2000
    tasks: int = 10

    @property
    def runs(self) -> int:
        """Runs, about."""
        return self.dags * self.hours

    def create(self, execute: Execute) -> None:
        """Make the tables and fill them; keys and indexes come last, because that is faster."""
        tables, keys = [], []
        for statement in statements("postgresql-3.3.sql"):
            (keys if "ADD CONSTRAINT" in statement or " INDEX " in statement else tables).append(statement)
        for statement in (*tables, *self._rows(), *keys):
            execute(statement)
        execute("VACUUM (ANALYZE)")

    def _rows(self) -> Iterator[str]:
        # Run h * dags + d is the one of DAG d in hour h; the last hour is the one that goes on.
        yield from (
            f"CREATE TABLE made AS SELECT h, d, h * {self.dags} + d AS id, 'dag_' || lpad(d::text, 4, '0') AS dag_id,"
            f" now() - ({self.hours} - h) * interval '1 hour' + d * interval '1 second' AS due,"
            f" CASE WHEN h = {self.hours - 1} AND d % 10 = 3 THEN 'running'"
            f" WHEN h = {self.hours - 1} AND d % 10 = 4 THEN 'queued'"
            " WHEN (h + d) % 10 = 0 THEN 'failed' ELSE 'success' END AS state"
            f" FROM generate_series(0, {self.hours - 1}) h, generate_series(1, {self.dags}) d"
            f" WHERE NOT ({_QUIET} AND h > {self.hours - _QUIET_HOURS})",
            _RUNS,
            f"INSERT INTO dag SELECT 'dag_' || lpad(d::text, 4, '0') {_DAGS} FROM generate_series(1, {self.dags}) d",
            f"INSERT INTO dag_tag SELECT name, dag_id FROM dag, unnest(ARRAY['ml', 'team-' || length(dag_id)]) name",
            _TASKS.format(tasks=self.tasks),
            _RETURNED,
            _TRIGGERED.format(last=self.tasks),
            _RENDERED.format(last=self.tasks, since=self.hours - 30),
            *_REST,
            "DROP TABLE made",
        )


_RUN_ID = "'scheduled__' || to_char(due, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
_DAGS = """, d % 7 = 0, false, false, now(), 0.1, NULL, '/dags/a.py', 'a.py', 'dags', NULL, 'ann, bob', NULL, NULL,
'CronTriggerTimetable', '0 * * * *', 'At the start of every hour', false, true, '{}', NULL, NULL, 16, 16, 0, false,
false, false, NULL, now(), now(), now(), NULL, NULL, now() + interval '30 minutes'"""
_RUNS = f"""
INSERT INTO dag_run (id, dag_id, run_id, state, run_type, queued_at, logical_date, run_after, created_at, updated_at,
start_date, end_date, conf, clear_number, span_status)
SELECT id, dag_id, {_RUN_ID}, state, 'scheduled', due, due, due, due,
CASE WHEN state IN ('success', 'failed') THEN due + interval '10 minutes' ELSE now() END,
CASE WHEN state <> 'queued' THEN due + interval '5 seconds' END,
CASE WHEN state IN ('success', 'failed') THEN due + interval '10 minutes' END,
CASE WHEN d % 10 = 0 THEN jsonb_build_object('model_name', 'model-' || h % 5) ELSE '{{}}' END, 0, 'not_started'
FROM made ORDER BY id
"""  # noqa: S608
_TASKS = f"""
INSERT INTO task_instance (id, task_id, dag_id, run_id, map_index, start_date, end_date, duration, state, try_number,
max_tries, hostname, unixname, pool, pool_slots, queue, priority_weight, operator, queued_dttm, updated_at, span_status)
SELECT lpad(to_hex(id::bigint * {{tasks}} + t), 32, '0')::uuid, 'task_' || t, dag_id, {_RUN_ID}, -1,
due + t * interval '30 seconds',
CASE WHEN state IN ('success', 'failed') THEN due + (t + 1) * interval '30 seconds' END,
CASE WHEN state IN ('success', 'failed') THEN 30 END,
CASE WHEN state = 'running' THEN CASE t WHEN 1 THEN 'running' WHEN 2 THEN 'queued' END
WHEN state = 'failed' AND t = 5 THEN 'failed' WHEN state = 'failed' AND t > 5 THEN 'upstream_failed'
WHEN state <> 'queued' THEN 'success' END,
CASE WHEN (id + t) % 50 = 0 THEN 2 ELSE 1 END, 1, 'worker', 'airflow', 'pool_' || d % 20, 1, 'default', 1,
CASE WHEN {_PARENT} AND t = {{tasks}} THEN 'TriggerDagRunOperator' ELSE 'PythonOperator' END,
due + t * interval '29 seconds', due + (t + 1) * interval '30 seconds', 'not_started'
FROM made, generate_series(1, {{tasks}}) t ORDER BY id, t
"""  # noqa: S608
_RETURNED = f"""
INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
SELECT id, 'task_1', -1, 'return_value', dag_id, {_RUN_ID}, '{{{{"rows": 1}}}}'::jsonb, due FROM made
""".replace("{{", "{").replace("}}", "}")  # noqa: S608
_TRIGGERED = f"""
INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
SELECT id, 'task_{{last}}', -1, 'trigger_run_id', dag_id, {_RUN_ID},
to_jsonb('scheduled__' || to_char(due + interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS')), due FROM made WHERE {_PARENT}
"""  # noqa: S608
_RENDERED = f"""
INSERT INTO rendered_task_instance_fields (dag_id, task_id, run_id, map_index, rendered_fields)
SELECT dag_id, 'task_{{last}}', {_RUN_ID}, -1,
json_build_object('trigger_dag_id', 'dag_' || lpad((d + 1)::text, 4, '0')) FROM made WHERE {_PARENT} AND h > {{since}}
"""  # noqa: S608
_REST = (
    "INSERT INTO slot_pool SELECT n, 'pool_' || n, 128, NULL, n % 2 = 0, NULL FROM generate_series(0, 19) n",
    "INSERT INTO job SELECT n, NULL, 'running', (ARRAY['SchedulerJob', 'DagProcessorJob', 'TriggererJob'])[n],"
    " now(), NULL, now(), NULL, 'host', 'airflow' FROM generate_series(1, 3) n",
    "INSERT INTO import_error SELECT n, now(), 'broken_' || n || '.py', 'dags', 'Traceback' FROM generate_series(1, 3) n",
    "INSERT INTO asset SELECT n, 'asset-' || n, 's3://bucket/' || n, 'asset', '{}', now(), now()"
    " FROM generate_series(1, 100) n",
    "INSERT INTO asset_active SELECT name, uri FROM asset",
    "INSERT INTO asset_event SELECT row_number() OVER (ORDER BY id), 1 + d % 100, '{}', 'task_1', dag_id, 'run', -1, due"
    " FROM made WHERE d <= 100",
)
