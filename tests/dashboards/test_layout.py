"""What a dashboard is made of stays where it is when something is put beside it."""

from __future__ import annotations

from typing import Any

from mlvitals_dashboards.layout import dashboard
from mlvitals_dashboards.panels import plain
from mlvitals_dashboards.parts import Column, bars, lines, panel_id, row, stat, table
from mlvitals_dashboards.queries import Json, panels
from mlvitals_dashboards.signals import Signal

SIGNAL = Signal("up", "none", "Whether it is there")


def made(*content: Any) -> Json:
    result: Json = plain(dashboard("mlvitals-test", "Test", "A test", content))
    return result


def ids(dashboard: Json) -> dict[str, int]:
    return {panel["title"]: panel["id"] for panel in panels(dashboard)}


def places(dashboard: Json) -> dict[str, tuple[int, ...]]:
    return {panel["title"]: tuple(panel["gridPos"][side] for side in "xywh") for panel in panels(dashboard)}


def test_a_panel_that_is_inserted_renumbers_no_other() -> None:
    one, new, two = (stat(name, name.title(), SIGNAL) for name in ("one", "new", "two"))
    before, after = ids(made(one, row("R"), two)), ids(made(new, one, row("R"), two))
    assert after == {**before, "New": panel_id("new")}


def test_a_new_title_keeps_the_id() -> None:
    assert stat("one", "One", SIGNAL).id == stat("one", "Another", SIGNAL).id


def test_panels_flow_from_left_to_right_and_rows_stand_alone() -> None:
    content = [
        stat("a", "A", SIGNAL, w=8),
        lines("b", "B", SIGNAL, "", w=12),
        stat("c", "C", SIGNAL, w=8),
        row("R", [stat("d", "D", SIGNAL), stat("e", "E", SIGNAL)]),
        row("S"),
        stat("f", "F", SIGNAL),
    ]
    assert places(made(*content)) == {
        "A": (0, 0, 8, 4),
        "B": (8, 0, 12, 8),
        "C": (0, 8, 8, 4),
        "R": (0, 12, 24, 1),
        "D": (0, 13, 4, 4),
        "E": (4, 13, 4, 4),
        "S": (0, 13, 24, 1),
        "F": (0, 14, 4, 4),
    }


def test_making_a_dashboard_twice_gives_the_same() -> None:
    panel = table("t", "T", {"exporter": "E"}, [Column("V", SIGNAL)], description="d", missing="m", sort="V")
    assert made(row("R", [panel])) == made(row("R", [panel]))


def test_the_only_column_of_values_has_the_name_that_grafana_gives_it() -> None:
    one = plain(table("t", "T", {"exporter": "E"}, [Column("V", SIGNAL)], description="d", missing="m", sort="V"))
    two = plain(
        table(
            "t",
            "T",
            {"exporter": "E"},
            [Column("V", SIGNAL), Column("W", SIGNAL)],
            description="d",
            missing="m",
            sort="V",
            hide=["W"],
        )
    )
    organized = [panel["transformations"][1]["options"] for panel in (one, two)]
    assert organized[0]["renameByName"] == {"exporter": "E", "Value": "V"}
    assert organized[1]["renameByName"] == {"exporter": "E", "Value #A": "V", "Value #B": "W"}
    assert organized[1]["excludeByName"] == {"Time": True, "Value #B": True}


def test_the_scale_of_a_graph_stays_when_it_is_placed() -> None:
    (panel,) = panels(made(lines("a", "A", SIGNAL, "", any_size=True)))
    assert panel["fieldConfig"]["defaults"]["custom"]["scaleDistribution"]["type"] == "symlog"


def test_bars_are_named_after_numbers_and_in_their_order() -> None:
    sides = {"Reference": SIGNAL, "Current": SIGNAL}
    numbered, named = panels(
        made(
            bars("a", "A", "bin", sides, names=SIGNAL, description="d"),
            bars("b", "B", "category", sides, description="d"),
        )
    )
    assert [panel["options"]["xField"] for panel in (numbered, named)] == ["From", "category"]
    assert numbered["transformations"][1]["options"] == {
        "excludeByName": {"Time": True, "bin": True},
        "renameByName": {"Value #A": "From", "Value #B": "Reference", "Value #C": "Current"},
    }
    assert numbered["transformations"][2]["options"]["sort"] == [{"field": "From"}]
    assert len(named["targets"]) == 2
