"""What the signals about Airflow say."""

from __future__ import annotations

from mlvitals.airflow import metrics as m
from mlvitals.core.metric import Metric
from mlvitals_dashboards import airflow_platform_signals as p
from mlvitals_dashboards import airflow_signals as s
from mlvitals_dashboards.signals import Signal
from tests.dashboards.cases import Case, Series, series

HOUR = 3600
ETL = '{exporter="prod",dag_id="etl"}'


def of(metric: Metric, value: float | str, **labels: str) -> Series:
    """One series of the exporter `prod`, whose labels may be changed."""
    return series(metric, value, **{"exporter": "prod", "exporter_type": "airflow", **labels})


def states(metric: Metric, current: str, **labels: str) -> Series:
    """A state set."""
    every = (of(metric, int(state == current), **labels, state=state) for state in metric.values["state"])
    return {name: value for series in every for name, value in series.items()}


def dag(paused: float = 0, name: str = "etl", last: str = "success", **values: float) -> Series:
    """A DAG: is it paused, the state of its last run, and values by the names of their metrics."""
    found = {**of(m.DAG_PAUSED, paused, dag_id=name), **states(m.DAG_LAST_RUN_STATE, last, dag_id=name)}
    if last in m.ENDED_RUN_STATES:
        found |= states(m.DAG_LAST_ENDED_STATE, last, dag_id=name)
    for metric, value in values.items():
        found |= of(getattr(m, metric), value, dag_id=name)
    return found


def verdict(why: str, said: int, series: Series) -> Case:
    """What the table of DAGs says of `etl`."""
    return Case(why, s.VERDICT, series, {ETL: said})


LATE = dag(DAG_LAST_SUCCESS=-2 * HOUR, DAG_SUCCESS_OBJECTIVE=HOUR)
LONG = dag(last="running", DAG_OLDEST_RUNNING_START=-2 * HOUR, DAG_DURATION_OBJECTIVE=HOUR)
DUE = dag(DAG_NEXT_RUN=-2 * HOUR, DAG_START_OBJECTIVE=HOUR)
NEVER = {
    **dag(DAG_SUCCESS_OBJECTIVE=HOUR),
    'ALERTS{alertname="AirflowDagLate",alertstate="firing",severity="critical",exporter="prod",exporter_type="airflow",'
    'instance="v:1",job="mlvitals",dag_id="etl"}': 1.0,
}
PAUSED = of(m.DAG_PAUSED, 1, dag_id="etl")
IN_TIME = dag(DAG_LAST_SUCCESS=-HOUR, DAG_SUCCESS_OBJECTIVE=HOUR, DAG_NEXT_RUN=-HOUR, DAG_START_OBJECTIVE=HOUR)
OTHER = dag(name="other", DAG_LAST_SUCCESS=-9 * HOUR, DAG_OLDEST_RUNNING_START=-9 * HOUR, DAG_NEXT_RUN=-9 * HOUR)
POOL = {"pool": "gpu"}
FULL = {**of(m.POOL_OPEN_SLOTS, 0, **POOL), **of(m.POOL_QUEUED_SLOTS, 0, **POOL)}
STATES = [("success", 0), ("running", 1), ("queued", 2), ("failed", 6)]
WRONG: list[tuple[Signal, Series, Series]] = [
    (s.DAGS_LATE, LATE, IN_TIME),
    (s.DAGS_LATE, NEVER, {**NEVER, **IN_TIME}),
    (s.DAGS_RUNNING_LONG, LONG, {**LONG, **dag(DAG_OLDEST_RUNNING_START=-HOUR)}),
    (s.DAGS_NOT_STARTED, DUE, IN_TIME),
    (s.DAGS_FAILED, dag(last="failed"), dag()),
]


def fleet(signal: Signal, wrong: Series, right: Series) -> list[Case]:
    """A DAG that is wrong counts; one exactly at its bound, a paused one and one without a bound do not."""
    unbounded = {"{}": 0.0} if signal is s.DAGS_FAILED else {}
    title = signal.unit.removeprefix("suffix: ")
    return [
        Case(f"a DAG counts as {title}", signal, {**OTHER, **wrong}, {"{}": 1}),
        Case(f"a DAG does not count as {title}", signal, right, {"{}": 0}),
        Case(f"a paused DAG does not count as {title}", signal, {**wrong, **PAUSED}, {"{}": 0}),
        Case(f"a DAG without a bound is not {title}", signal, OTHER, unbounded),
    ]


CASES = [
    *(case for row in WRONG for case in fleet(*row)),
    verdict("late outweighs a failed run", 4, {**LATE, **dag(last="failed")}),
    verdict("the alert says that it never succeeded", 4, NEVER),
    verdict("that alert goes on for a while after the first success", 0, {**NEVER, **IN_TIME}),
    verdict("that alert goes on for a while after a pause", -1, {**NEVER, **PAUSED}),
    verdict("a failed run", 3, dag(last="failed")),
    verdict("a failed run, and the next one runs", 3, {**dag(last="failed"), **dag(last="running")}),
    verdict("a run that takes long", 2, LONG),
    verdict("a run that is due", 1, DUE),
    verdict("a run that waits in the queue, the next one is to come", 1, {**DUE, **dag(
        DAG_OLDEST_QUEUED=-2 * HOUR, DAG_NEXT_RUN=HOUR
    )}),
    verdict("a run that is due, another is queued for tomorrow", 1, {**DUE, **dag(DAG_OLDEST_QUEUED=24 * HOUR)}),
    verdict("all is well", 0, IN_TIME),
    verdict("exactly in time, and nothing else is known", 0, of(m.DAG_PAUSED, 0, dag_id="etl")),
    verdict("paused outweighs all", -1, {**LATE, **DUE, **PAUSED}),
    Case("namesakes on two servers", s.VERDICT, {
        **dag(last="failed"), **of(m.DAG_PAUSED, 0, dag_id="etl", exporter="research")
    }, {ETL: 3, '{exporter="research",dag_id="etl"}': 0}),
    *(Case(f"the last run: {state}", s.LAST_RUN, dag(last=state), {ETL: said}) for state, said in STATES),
    Case("a DAG that never ran", s.LAST_RUN, of(m.DAG_PAUSED, 0, dag_id="etl"), {}),
    Case("a task that was skipped", s.TASK_STATE, states(
        m.TASK_LAST_STATE, "skipped", dag_id="etl", task_id="load"
    ), {'{exporter="prod",dag_id="etl",task_id="load"}': 3}),
    Case("the next run in milliseconds", s.NEXT_RUN, dag(DAG_NEXT_RUN=60), {ETL: 60_000}),
    Case("one child of two failed", s.CHILDREN_FAILED, {
        **states(m.TRIGGERED_STATE, "failed", dag_id="overall", task_id="a", child_dag_id="etl"),
        **states(m.TRIGGERED_STATE, "success", dag_id="overall", task_id="b", child_dag_id="etl"),
    }, {"{}": 1}),
    Case("no child failed", s.CHILDREN_FAILED, states(
        m.TRIGGERED_STATE, "running", dag_id="overall", task_id="a", child_dag_id="etl"
    ), {"{}": 0}),
    Case("nothing triggers anything", s.CHILDREN_FAILED, dag(last="failed"), {}),
    Case("the oldest of the queued tasks", s.OLDEST_QUEUED_TASK, {
        **dag(DAG_OLDEST_QUEUED_TASK=-30), **dag(name="other", DAG_OLDEST_QUEUED_TASK=-90)
    }, {"{}": 90}),
    Case("no task is queued", s.OLDEST_QUEUED_TASK, dag(), {}),
    Case("an asset is stale, another has no objective", s.ASSETS_STALE, {
        **of(m.ASSET_LAST_EVENT, -2 * HOUR, asset="a"), **of(m.ASSET_UPDATE_OBJECTIVE, HOUR, asset="a"),
        **of(m.ASSET_LAST_EVENT, -9 * HOUR, asset="b"),
    }, {"{}": 1}),
    Case("an asset exactly in time", s.ASSET_STATE, {
        **of(m.ASSET_LAST_EVENT, -HOUR, asset="a"), **of(m.ASSET_UPDATE_OBJECTIVE, HOUR, asset="a")
    }, {'{exporter="prod",asset="a"}': 0}),
    Case("one component of two is not healthy", p.COMPONENTS_UNHEALTHY, {
        **of(m.COMPONENT_HEALTHY, 0, component="scheduler"), **of(m.COMPONENT_HEALTHY, 1, component="triggerer")
    }, {"{}": 1}),
    Case("a pool is full and a task waits", p.POOLS_FULL, {
        **FULL, **of(m.POOL_SCHEDULED_SLOTS, 1, **POOL)
    }, {"{}": 1}),
    Case("a pool is full and nothing waits", p.POOLS_FULL, {
        **FULL, **of(m.POOL_SCHEDULED_SLOTS, 0, **POOL)
    }, {"{}": 0}),
    Case("a pool without a limit is never full", p.POOLS_FULL, {
        **of(m.POOL_SCHEDULED_SLOTS, 9, **POOL), **of(m.POOL_QUEUED_SLOTS, 9, **POOL)
    }, {}),
]  # fmt: skip
