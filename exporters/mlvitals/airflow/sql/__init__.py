"""Reads Airflow's metadata database: both major releases, on PostgreSQL, MySQL, MariaDB and SQLite."""
