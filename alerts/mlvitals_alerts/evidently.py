"""Rules about data sets.

What is said of a data set changes only when new data was computed, every ten minutes at most unless set otherwise. With
that interval a verdict waits for two looks at the files: data that was being written at the first is computed anew at
the second, and what could not be read once is read again. With a longer one it is a single look: rules know of no
interval, so `for` has to be set, which docs/evidently.md says. After a restart everything has to be computed again,
which takes longer than reading a server does: alerts outlast that.
"""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.evidently import metrics as m
from mlvitals.evidently.workspace import metrics as w
from mlvitals_alerts.parts import down
from mlvitals_alerts.rules import Alert, System, each, label, last_read, lookup, number, value

TYPE = "evidently"
KEEP = "20m"
SECOND_LOOK = "15m"
NAMED = 5
"""Columns that a text names; the dashboard has them all."""
FELL_TO = 0.5
ROWS_DAYS = 7
NEAR = 0.8

_AGE = "value | humanizeDuration"
_PERCENT = "value | humanizePercentage"
_DATASET = f"{label('exporter')}: data set {label('dataset')}"
_COLUMN = "{{ .Labels.column }}"

# A bound `metric < bound` is broken by `metric >= bound`, and so on.
_BROKEN_BY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _side(metric: Metric, side: str = "current") -> str:
    return f'sum without (side) ({metric}{{side="{side}"}})'


def _some(query: str, *labels: str, show: str = _COLUMN) -> str:
    """Template: the first few columns of a query."""
    return each(f"topk({NAMED}, {query})", "dataset", *labels, by="column", show=show)


_ROWS = _side(m.DATASET_ROWS)
# A file without rows is no new data, however new it is.
_NEWEST = f"({_side(m.DATASET_NEWEST)} or {_side(m.DATASET_MODIFIED)} unless {_ROWS} == 0)"
# Not the mean: one day of ten times the rows would make half of it more than all others have.
_USUAL_ROWS = f"quantile_over_time(0.5, {m.DATASET_ROWS}{{%s}}[{ROWS_DAYS}d])"
_USUAL_CURRENT = _USUAL_ROWS.replace("%s", 'side="current"')
_OUT_OF_BOUNDS = "\nor\n".join(
    f"{_side(m.MODEL_QUALITY)} {broken} ignoring (operator) group_right ()"
    f' {m.MODEL_QUALITY_OBJECTIVE}{{operator="{operator}"}}'
    for operator, broken in _BROKEN_BY.items()
)
_QUALITY = ("dataset", "target", "prediction", "metric", "operator")
_PREDICTION = f"{_DATASET}: {label('metric')} of {label('prediction')} against {label('target')}"

_TEST = ("dataset", "preset", "test")
_FAILED_OF_COLUMNS = f'{m.TEST_STATUS}{{%s,status="fail",column!=""}} == 1'

# Text and lists never have a score.
_FAILURE = f'{m.COLUMN_FAILURE}{{reason!="unsupported"}}'
# Columns that changed are told of by another alert.
_UNSCORED = f"unless ignoring (reason) sum without (change) ({m.COLUMN_SCHEMA_CHANGE}) > 0"

_DRIFT = (
    Alert(
        "EvidentlyDatasetDrifted",
        "critical",
        "A data set has drifted from its reference.",
        f"{_DATASET}: {value('humanizePercentage')} of "
        + lookup(f"{m.DATASET_SCORED_COLUMNS}{{%s}}", "dataset")
        + " columns have drifted, threshold "
        + lookup(f"{m.DATASET_DRIFT_THRESHOLD}{{%s}}", "dataset", show=_PERCENT)
        + "; the most: "
        + _some(f"{m.COLUMN_DRIFT_RATIO}{{%s}} >= 1")
        + ".",
        f"{m.DATASET_DRIFTED_COLUMNS_RATIO}\nand {m.DATASET_DRIFTED} == 1",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyColumnDrifted",
        "warning",
        "A column has drifted from its reference.",
        f"{_DATASET}, column {label('column')}: drift is {number()} of its threshold, expected less than 1: "
        + each(
            f"{m.COLUMN_DRIFT_SCORE}{{%s}}",
            "dataset",
            "column",
            by="method",
            show='{{ .Labels.method }} {{ .Value | printf "%.4g" }}',
        )
        + ", threshold "
        + lookup(f"{m.COLUMN_DRIFT_THRESHOLD}{{%s}}", "dataset", "column", show='value | printf "%.4g"')
        + ".",
        f"{m.COLUMN_DRIFT_RATIO}\nand {m.COLUMN_DRIFTED} == 1",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyReferenceOld",
        "warning",
        "The reference of a data set is older than its objective.",
        f"{_DATASET}: the reference was changed {value()} ago, objective "
        + lookup(f"{m.DATASET_REFERENCE_OBJECTIVE}{{%s}}", "dataset", show=_AGE)
        + ".",
        f"time() - {_side(m.DATASET_MODIFIED, 'reference')}\n> {m.DATASET_REFERENCE_OBJECTIVE}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyDatasetUnscored",
        "warning",
        "No column of a data set has a drift score, so nothing is said of its drift.",
        f"{_DATASET}: none of its columns has a drift score, reasons: "
        + each(
            f"count by (reason) ({m.COLUMN_FAILURE}{{%s}})",
            "dataset",
            by="reason",
            show="{{ .Value }} {{ .Labels.reason }}",
        )
        + ".",
        f"{m.DATASET_COMPUTED} unless {m.DATASET_DRIFTED}",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyColumnUnscored",
        "info",
        "Columns of a data set have no drift score.",
        f"{_DATASET}: {number()} columns cannot be scored: "
        + _some(
            f'{m.COLUMN_FAILURE}{{%s,reason!="unsupported"}} {_UNSCORED}', show=f"{_COLUMN} ({{{{ .Labels.reason }}}})"
        )
        + ".",
        f"count without (column, reason) ({_FAILURE} == 1\n{_UNSCORED})",
        for_="30m",
        keep_firing_for=KEEP,
    ),
)

_DATA = (
    Alert(
        "EvidentlyDatasetLate",
        "critical",
        "A data set has no new data within its objective.",
        f"{_DATASET}: the newest data is {value()} old, objective "
        + lookup(f"{m.DATASET_FRESH_OBJECTIVE}{{%s}}", "dataset", show=_AGE)
        + ".",
        f"time() - {_NEWEST}\n> {m.DATASET_FRESH_OBJECTIVE}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyRowsFell",
        "warning",
        "A data set has no rows, fewer than its objective, or less than half of what is usual.",
        f"{_DATASET}: {value('humanize')} rows, objective "
        + lookup(f"{m.DATASET_ROWS_OBJECTIVE}{{%s}}", "dataset", show="value | humanize", otherwise="not set")
        + f", median of {ROWS_DAYS} days "
        + lookup(_USUAL_ROWS.replace("%s", '%s,side="current"'), "dataset", show="value | humanize")
        + ".",
        f"{_ROWS} < {m.DATASET_ROWS_OBJECTIVE}\nor {_ROWS} < {FELL_TO} * sum without (side) ({_USUAL_CURRENT})\n"
        f"or {_ROWS} == 0",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlySchemaChanged",
        "warning",
        "The schema of a data set is not that of its reference.",
        f"{_DATASET}: {number()} changes of columns: "
        + _some(f"{m.COLUMN_SCHEMA_CHANGE}{{%s}}", show=f"{_COLUMN} ({{{{ .Labels.change }}}})")
        + ".",
        f"sum without (change) ({m.DATASET_SCHEMA_CHANGES}) > 0",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyTestFailing",
        "info",
        "A test of a data set fails.",
        f"{_DATASET}: {label('test')}{{{{ with $labels.preset }}}} ({{{{ . }}}}){{{{ end }}}} fails"
        + lookup(f"count({_FAILED_OF_COLUMNS})", *_TEST, text=" for %s columns: ", otherwise="")
        + _some(_FAILED_OF_COLUMNS, *_TEST[1:])
        + ".",
        f'sum without (column, q, status) ({m.TEST_STATUS}{{status="fail"}}) > 0',
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
)

_WATCHED = (
    Alert(
        "EvidentlyPatternUnmatched",
        "warning",
        "A configured pattern of columns matches no column of its data set.",
        f"{_DATASET}: the pattern {label('pattern')} of {label('key')} matches no column.",
        f"{m.DATASET_PATTERN_MATCHES} == 0",
        for_="1h",
        keep_firing_for=KEEP,
    ),
)

_COMPUTING = (
    Alert(
        "EvidentlyComputationFailing",
        "warning",
        "A data set cannot be read or computed, or a workspace cannot be read.",
        f"{label('exporter')}: {label('target')} cannot be read or computed, reason: "
        + each(f"{own.TARGET_FAILURE}{{%s}}", "target", by="reason", show="{{ .Labels.reason }}")
        + ". "
        + last_read(own.TARGET_LAST_SUCCESS, "target"),
        f'{own.TARGET_UP}{{exporter_type="{TYPE}"}} == 0\nunless ignoring (target) {own.EXPORTER_UP} == 0',
        for_=SECOND_LOOK,
    ),
    Alert(
        "EvidentlyComputationSlow",
        "warning",
        "Computing a data set comes near to its limit of time or memory.",
        f"{_DATASET}: the last computation took "
        + lookup(f"{m.DATASET_DURATION}{{%s}}", "dataset", show=_AGE)
        + " of "
        + lookup(f"{m.DATASET_TIME_LIMIT}{{%s}}", "dataset", show=_AGE)
        + " and "
        + lookup(f"{m.DATASET_PEAK_MEMORY}{{%s}}", "dataset", show="value | humanize1024", text="%sB")
        + " of "
        + lookup(f"{m.DATASET_MEMORY_LIMIT}{{%s}}", "dataset", show="value | humanize1024", text="%sB")
        + f", expected at most {NEAR:.0%}.",
        f"{m.DATASET_DURATION} / {m.DATASET_TIME_LIMIT} > {NEAR}\n"
        f"or {m.DATASET_PEAK_MEMORY} / {m.DATASET_MEMORY_LIMIT} > {NEAR}",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
)

_MODELS = (
    Alert(
        "EvidentlyModelQualityOutOfBounds",
        "critical",
        "The quality of a model on current data is out of its bound.",
        f"{_PREDICTION} is {number()}, expected {label('operator')} "
        + lookup(f"{m.MODEL_QUALITY_OBJECTIVE}{{%s}}", *_QUALITY, show='value | printf "%.4g"')
        + ".",
        _OUT_OF_BOUNDS,
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyModelQualityMissing",
        "warning",
        "The quality of a model that has a bound cannot be computed.",
        f"{_PREDICTION} has no finite value, expected {label('operator')} {number()}.",
        f"{m.MODEL_QUALITY_OBJECTIVE} unless ignoring (operator) {_side(m.MODEL_QUALITY)}",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
)

_PROJECT = f"{label('exporter')}: workspace {label('workspace')}"
_ADDED = f"({w.SNAPSHOT_ADDED} or {w.SNAPSHOT_TIMESTAMP})"

_WORKSPACES = (
    Alert(
        "EvidentlyWorkspaceTestFailing",
        "warning",
        "Tests fail in the newest snapshot of an Evidently project.",
        f"{_PROJECT}, project {label('project')}: {number()} tests of the newest snapshot fail: "
        + each(
            f'topk({NAMED}, {w.TEST_STATUS}{{%s,status="fail"}} == 1)',
            "workspace",
            "project",
            by="metric",
            show="{{ .Labels.metric }}{{ with .Labels.column }} of {{ . }}{{ end }}",
        )
        + ".",
        f'sum without (status) ({w.TESTS}{{status="fail"}}) > 0',
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyWorkspaceLate",
        "warning",
        "No new snapshot came to an Evidently project within its objective.",
        f"{_PROJECT}, project {label('project')}: the newest snapshot came {value()} ago, objective "
        + lookup(f"{w.FRESH_OBJECTIVE}{{%s}}", "workspace", "project", show=_AGE)
        + ".",
        f"time() - {_ADDED}\n> {w.FRESH_OBJECTIVE}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyProjectUnreadable",
        "warning",
        "A project of an Evidently workspace, or its newest snapshot, cannot be read.",
        f"{_PROJECT}: the project {label('project')}, or its newest snapshot, cannot be read, reason: "
        + each(f"{w.PROJECT_FAILURE}{{%s}}", "workspace", "project", by="reason", show="{{ .Labels.reason }}")
        + ".",
        f"sum without (reason) ({w.PROJECT_FAILURE}) > 0",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
    Alert(
        "EvidentlyRunNotWritten",
        "info",
        "The last run of a data set was not written into the Evidently workspace.",
        f"{_DATASET}: the last run was not written into the workspace, reason: "
        + each(f"{w.RUN_FAILURE}{{%s}}", "dataset", by="reason", show="{{ .Labels.reason }}")
        + ".",
        f"sum without (reason) ({w.RUN_FAILURE}) > 0",
        for_=SECOND_LOOK,
        keep_firing_for=KEEP,
    ),
)

SYSTEM = System(
    "evidently",
    "Evidently",
    "mlvitals-evidently",
    (
        down("EvidentlyDown", TYPE, "Data sets", SECOND_LOOK),
        *_DRIFT,
        *_DATA,
        *_WATCHED,
        *_COMPUTING,
        *_MODELS,
        *_WORKSPACES,
    ),
    variables=("dataset", "column"),
)
