"""A file that cannot be imported by Airflow."""

import airflow

raise ImportError(f"no DAG of Airflow {airflow.__version__} is here")
