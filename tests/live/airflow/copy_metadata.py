"""Copies Airflow's metadata into another database: python copy_metadata.py FROM TO, both URLs of SQLAlchemy.

It runs with Airflow's own Python. Unless `airflow db migrate` has made the tables, they are made from Airflow's models,
which is what it does in an empty database. The rows pass through the models' types.
"""

from __future__ import annotations

import sys

from airflow import models
from airflow.models.base import Base
from sqlalchemy import MetaData, Table, create_engine, inspect, text


def main() -> None:
    """Copy the rows of all tables, and Airflow's note of the migration that they are made by."""
    source, target = (create_engine(url) for url in sys.argv[1:])
    models.import_all_models()
    if not inspect(target).has_table("dag_run"):
        Base.metadata.create_all(target)
    with source.connect() as read, target.begin() as write:
        if write.dialect.name == "mysql":
            write.execute(text("SET foreign_key_checks = 0"))
        revision = Table("alembic_version", MetaData(), autoload_with=source)
        revision.create(write, checkfirst=True)
        for table in (*Base.metadata.tables.values(), revision):
            write.execute(table.delete())
            if rows := [dict(row._mapping) for row in read.execute(table.select())]:
                write.execute(table.insert(), rows)


main()
