"""What docs/airflow.md says of the sources: what each lacks, what each tells otherwise, which rights it needs."""

from __future__ import annotations

import re
from pathlib import Path

from compose.airflow import AIRFLOW_2, Release

GUIDE = (Path(__file__).parents[3] / "docs/airflow.md").read_text()
ROLE, PASSWORD = "mlvitals", "a long password"
"""The role that the guide makes; its password here."""


def missing(release: Release, source: str) -> set[str]:
    """The metrics that this source of this release does not have, as the guide says."""
    title = f"{source}, Airflow {2 if release is AIRFLOW_2 else 3}"
    return {row["metric"] for row in _table("What a source does not have") if row[title].startswith("no")}


def otherwise(release: Release) -> set[str]:
    """The metrics of this release of which the sources tell different values, as the guide says."""
    major = "2" if release is AIRFLOW_2 else "3"
    return {row["metric"] for row in _table("What a source says otherwise") if major in row["Airflow"]}


def rights(release: Release) -> str:
    """The statements of the guide that make a role of PostgreSQL for this release."""
    of_3, of_2 = re.findall(r"^```sql\n(.*?)^```", GUIDE, re.M | re.S)
    role = of_3[: of_3.index("GRANT SELECT")]
    statements: str = role + of_2 if release is AIRFLOW_2 else of_3
    return statements.replace("'…'", f"'{PASSWORD}'")


def _table(title: str) -> list[dict[str, str]]:
    """The rows below this line of the guide: title of the column -> cell."""
    found = re.search(rf"^{title}:\n\n(.*)\n.*\n((?:\|.*\n)+)", GUIDE, re.M)
    assert found
    head, *rows = (
        [cell.strip(" `") for cell in row.strip("|").split("|")] for row in (found[1], *found[2].split("\n")[:-1])
    )
    return [dict(zip(head, row, strict=True)) for row in rows]
