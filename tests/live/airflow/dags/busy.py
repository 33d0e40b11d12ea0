"""DAGs whose runs do not end while the world is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from releases import DateTimeSensorAsync, PythonOperator, PythonSensor, dag, fail, hold

# Three runs of it are asked for: two run, one is queued.
with dag("runs_on", max_active_runs=2):
    PythonOperator(task_id="hold", python_callable=hold)

# One task has the only slot of the pool; the others wait.
with dag("starves"):
    PythonOperator(task_id="first", python_callable=hold, pool="narrow", priority_weight=10)
    for number in (1, 2):
        PythonOperator(task_id=f"other_{number}", python_callable=print, pool="narrow")

with dag("waits"):
    DateTimeSensorAsync(task_id="deferred", target_time=datetime(2100, 1, 1, tzinfo=UTC).isoformat())
    PythonSensor(
        task_id="rescheduled", python_callable=lambda: False, mode="reschedule", poke_interval=3600, timeout=86400
    )
    PythonOperator(task_id="retried", python_callable=fail, retries=1, retry_delay=timedelta(hours=1))

# It is triggered when the workers are frozen: its task is queued and nobody takes it.
with dag("unattended"):
    PythonOperator(task_id="queued", python_callable=print)
