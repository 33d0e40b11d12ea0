"""A DAG that is deleted in the course of the test."""

from __future__ import annotations

from releases import EmptyOperator, dag

with dag("deleted"):
    EmptyOperator(task_id="rest")
