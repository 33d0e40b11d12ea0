"""What is worth knowing about data sets as a whole, and about how far their columns have drifted."""

from __future__ import annotations

from dataclasses import replace

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.evidently import metrics as m
from mlvitals_dashboards.signals import ANYTHING, Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import alarm, firing_alerts, servers_firing

TYPE, TITLE = "evidently", "Evidently"
NO_DATASET = "No data set: add one to an exporter of type evidently"
NO_OBJECTIVE = "No objective set"
NOT_COMPUTED = "Not computed yet"
NEAR, LIMIT = 0.8, 1.0
"""Parts of a limit: worth a look, and beyond it."""
DRAWN = 50
"""Columns on one graph; data sets may have hundreds."""

DATASET = "exporter, dataset"
COLUMN = "exporter, dataset, column"


def side(metric: Metric, name: str) -> str:
    """What the metric says of one side, without the label."""
    return f"sum without (side) ({select(metric, side=name)})"


def current(metric: Metric) -> str:
    """What the metric says of the current data."""
    return side(metric, "current")


def notice(wrong: str, possible: str, unit: str, description: str, none: str, missing: str) -> Signal:
    """As `alarm`, in the colour of a warning."""
    return replace(alarm(wrong, possible, unit, description, none, missing), steps=((1, "orange"),))


def _target(metric: Metric, **labels: str) -> str:
    """What the exporter says of the target that a data set is."""
    return select(metric, exporter_type=TYPE, target="=~$dataset", **labels)


def _of_dataset(target: str) -> str:
    return f'label_join({target}, "dataset", "", "target")'


NEWEST = f"({current(m.DATASET_NEWEST)} or {current(m.DATASET_MODIFIED)} unless {current(m.DATASET_ROWS)} == 0)"
REFERENCE_MODIFIED = side(m.DATASET_MODIFIED, "reference")
_TESTS = select(m.TEST_STATUS, column=ANYTHING)
FAILED_TEST = f"{select(m.TEST_STATUS, status='fail', column=ANYTHING)} == 1"
CHANGED = f"sum without (change) ({select(m.DATASET_SCHEMA_CHANGES)})"
FEW_ROWS = f"({current(m.DATASET_ROWS)} < {select(m.DATASET_ROWS_OBJECTIVE)} or {current(m.DATASET_ROWS)} == 0)"
_FAILS = f"{_target(own.TARGET_UP)} == 0"
_DRIFTED = f"{select(m.DATASET_DRIFTED)} == 1"
_LATE = f"{age(NEWEST)} > {select(m.DATASET_FRESH_OBJECTIVE)}"
_OLD = f"{age(REFERENCE_MODIFIED)} > {select(m.DATASET_REFERENCE_OBJECTIVE)}"
_UNSCORED = f"{select(m.COLUMN_FAILURE)} == 1"
_TIME = f"{select(m.DATASET_DURATION)} / {select(m.DATASET_TIME_LIMIT)}"
_MEMORY = f"{select(m.DATASET_PEAK_MEMORY)} / {select(m.DATASET_MEMORY_LIMIT)}"

DATASETS_FAILING = alarm(
    _FAILS,
    _target(own.TARGET_UP),
    "suffix: failing",
    "Data sets that could not be read or computed last time, and workspaces that could not be read. The others of the "
    "same exporter are not affected.",
    "All computed",
    NO_DATASET,
)
FIRING = servers_firing(TYPE, TITLE)
DATASETS_DRIFTED = alarm(
    _DRIFTED,
    select(m.DATASET_DRIFTED),
    "suffix: drifted",
    "Data sets in which the share of drifted columns reaches the configured drift.share (a third unless set).",
    "None",
    NOT_COMPUTED,
)
COLUMNS_DRIFTED = notice(
    f"{select(m.COLUMN_DRIFTED)} == 1",
    select(m.COLUMN_DRIFTED),
    "suffix: drifted",
    "Columns whose drift has reached the threshold of their method.",
    "None",
    NOT_COMPUTED,
)
COLUMNS_UNSCORED = notice(
    f"sum without (reason) ({_UNSCORED})",
    select(m.DATASET_SCORED_COLUMNS),
    "suffix: without",
    "Columns that have no drift score: nobody would see them drift.",
    "All have one",
    NOT_COMPUTED,
)
PATTERN_MATCHES = Signal(
    by("exporter, dataset, key, pattern", select(m.DATASET_PATTERN_MATCHES)),
    "none",
    "Columns of either side that match the pattern.",
    words={0: ("NOTHING", "red")},
    base="green",
)
DATASETS_LATE = alarm(
    _LATE,
    select(m.DATASET_FRESH_OBJECTIVE),
    "suffix: late",
    "Data sets whose newest current data is older than the configured fresh_within.",
    "All on time",
    NO_OBJECTIVE,
)
REFERENCES_OLD = notice(
    _OLD,
    select(m.DATASET_REFERENCE_OBJECTIVE),
    "suffix: too old",
    "Data sets whose reference is older than the configured reference_within.",
    "All young enough",
    NO_OBJECTIVE,
)
DATASETS_SMALL = alarm(
    FEW_ROWS,
    select(m.DATASET_ROWS_OBJECTIVE),
    "suffix: too small",
    "Data sets whose current data has no rows, or fewer than the configured min_rows.",
    "All large enough",
    NO_OBJECTIVE,
)
DATASETS_CHANGED = alarm(
    f"{CHANGED} > 0",
    CHANGED,
    "suffix: changed",
    "Data sets in which a column is missing, new, of another type or without any value.",
    "None",
    NOT_COMPUTED,
)
TESTS_FAILING = alarm(
    FAILED_TEST,
    _TESTS,
    "suffix: failing",
    "Tests that fail, of data sets and of their columns.",
    "All hold",
    NOT_COMPUTED,
)
NEAREST_LIMIT = Signal(
    f"max(({_TIME}) >= ({_MEMORY}) or ({_MEMORY}) or ({_TIME}))",
    "percentunit",
    "Of the last computations: the largest part of its deadline or of memory_limit that one took. Beyond the limit a "
    "computation is ended, and its data set fails.",
    steps=((NEAR, "orange"), (LIMIT, "red")),
    base="green",
    missing=NOT_COMPUTED,
    decimals=0,
)

VERDICT = Signal(
    by(
        DATASET,
        f"{_of_dataset(_FAILS)} + 6 or ({_DRIFTED}) * 5 or ({_LATE}) * 0 + 4 or ({CHANGED} > 0) * 0 + 3"
        f" or ({FEW_ROWS}) * 0 + 2 or sum without (preset, test, column, q, status) ({FAILED_TEST}) * 0 + 1"
        f" or {select(m.DATASET_COMPUTED)} * 0",
    ),
    "none",
    "The worst that is true of it: FAILING, it cannot be read or computed; DRIFTED, enough of its columns have; LATE, "
    "its newest data is too old; CHANGED, its schema has; SMALL, it has too few rows, or none; TESTS, one of them "
    "fails.",
    words={
        6: ("FAILING", "red"),
        5: ("DRIFTED", "red"),
        4: ("LATE", "red"),
        3: ("CHANGED", "orange"),
        2: ("SMALL", "orange"),
        1: ("TESTS", "orange"),
        0: ("OK", "green"),
    },
    missing=NO_DATASET,
)
FAILURE_REASON = Signal(
    by(f"{DATASET}, reason", _of_dataset(_target(own.TARGET_FAILURE))), "none", "Why it cannot be read or computed."
)
DRIFTED_RATIO = Signal(
    by(DATASET, select(m.DATASET_DRIFTED_COLUMNS_RATIO)),
    "percentunit",
    "Drifted columns as part of those that have a score.",
    missing="No column could be scored",
    decimals=0,
)
DRIFT_SHARE = Signal(
    by(DATASET, select(m.DATASET_DRIFT_THRESHOLD)),
    "percentunit",
    "The configured drift.share: from here on the data set has drifted.",
    decimals=0,
)
SCORED = Signal(by(DATASET, select(m.DATASET_SCORED_COLUMNS)), "none", "Columns that have a score.", decimals=0)
ROWS = Signal(
    by(DATASET, current(m.DATASET_ROWS)), "locale", "Rows of the current data.", missing=NOT_COMPUTED, decimals=0
)
NEWEST_AGE = Signal(
    by(DATASET, age(NEWEST)),
    "s",
    "Time since the newest current data, by time_column, else since the files were changed.",
    missing=NOT_COMPUTED,
    decimals=1,
)
FRESH_OBJECTIVE = Signal(by(DATASET, select(m.DATASET_FRESH_OBJECTIVE)), "s", "The configured fresh_within.")
CHANGES = Signal(
    by(DATASET, CHANGED),
    "none",
    "Columns that are missing, new, of another type or without any value.",
    steps=((1, "orange"),),
    decimals=0,
)
FAILED_TESTS = Signal(
    f"{by(DATASET, FAILED_TEST, 'count')} or {by(DATASET, _TESTS)} * 0",
    "none",
    "Tests that fail.",
    steps=((1, "orange"),),
    decimals=0,
)
COMPUTED_AGE = Signal(
    by(DATASET, age(select(m.DATASET_COMPUTED))),
    "s",
    "Time since the last computation ended. Unchanged files are not computed again.",
    missing=NOT_COMPUTED,
    decimals=1,
)
ALERT = firing_alerts(TYPE, "dataset, column, workspace, project, target")

COLUMN_STATE = Signal(
    by(COLUMN, f"{select(m.COLUMN_DRIFTED)} or sum without (reason) ({select(m.COLUMN_FAILURE)}) * 0 - 1"),
    "none",
    "Whether the column has drifted.",
    words={1: ("DRIFTED", "red"), 0: ("OK", "green"), -1: ("NO SCORE", "orange")},
)
_METHOD = f"{COLUMN}, method"
RATIO = Signal(
    by(COLUMN, select(m.COLUMN_DRIFT_RATIO)),
    "none",
    "Drift as part of its threshold, whatever the method: from 1 on the column has drifted. Of p-values it is "
    "(1 - p) / (1 - threshold).",
    steps=((1, "red"),),
    base="green",
    missing="No column has a score",
    decimals=2,
)
RATIOS = replace(
    RATIO,
    expr=f"{RATIO.expr} and on ({COLUMN}) topk({DRAWN}, {select(m.COLUMN_DRIFT_RATIO)} @ end())",
    description=f"{RATIO.description} Of the columns chosen above, the {DRAWN} that have drifted most by now.",
)
SCORE = Signal(
    by(_METHOD, select(m.COLUMN_DRIFT_SCORE)),
    "none",
    "As Evidently gives it: a p-value for ks and chisquare, where small is drifted, else a distance.",
    decimals=3,
)
THRESHOLD = Signal(by(_METHOD, select(m.COLUMN_DRIFT_THRESHOLD)), "none", "Where drift begins.", decimals=3)
COLUMN_REASON = Signal(by(f"{COLUMN}, reason", select(m.COLUMN_FAILURE)), "none", "Why there is no score.")

_SIDE = f"{DATASET}, side"
SOURCE = Signal(
    by(f"{_SIDE}, location, identity", select(m.DATASET_INFO)),
    "none",
    "The configured location, and a hash of the paths, sizes and times of the files.",
)
FILES = Signal(by(_SIDE, select(m.DATASET_FILES)), "none", "Files read.", decimals=0)
SIZE = Signal(by(_SIDE, select(m.DATASET_SIZE)), "bytes", "Their bytes.")
SIDE_ROWS = Signal(by(_SIDE, select(m.DATASET_ROWS)), "locale", "Rows in the files.", decimals=0)
SAMPLED_ROWS = Signal(
    by(_SIDE, select(m.DATASET_SAMPLED_ROWS)), "locale", "Rows computed on: all, or a sample of row_limit."
)
MODIFIED_AGE = Signal(
    by(_SIDE, age(select(m.DATASET_MODIFIED))), "s", "Time since the newest of the files was changed.", decimals=1
)
MODEL_VERSION = Signal(
    by(f"{DATASET}, registry, model, alias", select(m.DATASET_MODEL_VERSION, model=ANYTHING)),
    "none",
    "The version behind the alias, whose training data is the reference.",
    decimals=0,
)
DURATION = Signal(
    by(DATASET, select(m.DATASET_DURATION)),
    "s",
    "How long the last computation took; dashed, its deadline.",
    missing=NOT_COMPUTED,
)
TIME_LIMIT = Signal(by(DATASET, select(m.DATASET_TIME_LIMIT)), "s", "The deadline of one computation.")
PEAK_MEMORY = Signal(
    by(DATASET, select(m.DATASET_PEAK_MEMORY)),
    "bytes",
    "The most memory that the last computation took; dashed, memory_limit.",
    missing=NOT_COMPUTED,
)
MEMORY_LIMIT = Signal(by(DATASET, select(m.DATASET_MEMORY_LIMIT)), "bytes", "memory_limit of one computation.")
