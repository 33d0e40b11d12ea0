"""A DAG that triggers others, waits for them, and fails because one of them does."""

from __future__ import annotations

from releases import EmptyOperator, PythonOperator, TriggerDagRunOperator, dag, fail

with dag("child_good"):
    EmptyOperator(task_id="rest")

with dag("child_bad"):
    PythonOperator(task_id="fail", python_callable=fail)

with dag("parent"):
    for child in ("child_good", "child_bad"):
        TriggerDagRunOperator(
            task_id=f"run_{child}",
            trigger_dag_id=child,
            conf={"model_name": "alpha", "parent_dag_id": "parent"},
            wait_for_completion=True,
            poke_interval=1,
        )
