"""The rights that the guide grants: real databases with Airflow's schemas take them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compose.postgres import Postgres, postgres_server
from tests.support.snippets import ROOT, Snippet, tried

pytestmark = pytest.mark.live

SCHEMAS = ROOT / "tests/exporters/airflow/schema"
OF_AIRFLOW_2 = "dataset_event"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """With the database of an Airflow 3, which has the name that the guide uses, and of an Airflow 2."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as running:
        for name, schema in (("airflow", "postgresql-3.3.sql"), ("airflow2", "postgresql-2.11.sql")):
            running.create_database(name)
            running.sql((SCHEMAS / schema).read_text(), name)
        yield running


@pytest.mark.parametrize("snippet", tried("sql"))
def test_what_the_guide_says_to_type_is_taken(snippet: Snippet, postgres: Postgres) -> None:
    database = "airflow2" if OF_AIRFLOW_2 in snippet.text else "airflow"
    if "CREATE ROLE" not in snippet.text:
        postgres.sql("CREATE ROLE mlvitals", database)
    postgres.sql(snippet.text, database)
    readable = "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'mlvitals'"
    assert int(postgres.sql(readable, database)) == snippet.text.partition("GRANT SELECT ON ")[2].count(",") + 1
    postgres.sql("DROP OWNED BY mlvitals; DROP ROLE mlvitals", database)
