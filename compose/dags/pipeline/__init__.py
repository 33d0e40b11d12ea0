"""What the DAGs of the reference pipeline do, without Airflow: it can be read, tested and run by itself."""
