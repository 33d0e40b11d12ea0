"""Airflow over its stable REST API: v1 of Airflow 2, v2 of Airflow 3."""
