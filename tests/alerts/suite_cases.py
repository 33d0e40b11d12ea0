"""When the alerts about mlvitals itself fire and when not."""

from __future__ import annotations

from tests.alerts.cases import TARGET, Firing, Silent, lasting

PROCESS = {**TARGET, "exporter": "mlvitals", "exporter_type": "mlvitals"}
OF_PROCESS = '{exporter="mlvitals",exporter_type="mlvitals"}'
PROCESS_UP = f"up{OF_PROCESS}"
FAILED = "mlvitals_target_failure"

CASES = (
    Firing(
        "MlvitalsScrapeTargetMissing",
        {PROCESS_UP: lasting(1), "up": lasting(0)},
        TARGET,
        "registry: Prometheus cannot scrape the page at vitals:10847.",
    ),
    Firing(
        "MlvitalsScrapeTargetMissing",
        {PROCESS_UP: "1x9 stale"},
        {"exporter": "mlvitals"},
        "mlvitals: Prometheus knows of no mlvitals process.",
        since="10m",
    ),
    Silent("MlvitalsScrapeTargetMissing", "all is scraped", {PROCESS_UP: lasting(1), "up": lasting(1)}),
    Silent("MlvitalsScrapeTargetMissing", "a standalone exporter has no page of the process", {"up": lasting(1)}),
    Silent(
        "MlvitalsScrapeTargetMissing",
        "somebody else's target is down",
        {PROCESS_UP: lasting(1), 'up{exporter="",exporter_type="",job="node",team=""}': lasting(0)},
    ),
    Silent(
        "MlvitalsScrapeTargetMissing",
        "the jmx_exporter of a daemon is down",
        {PROCESS_UP: lasting(1), 'up{exporter="prod",exporter_type="hdfs",daemon="dn1:9864"}': lasting(0)},
    ),
    Firing(
        "MlvitalsExporterDown",
        {
            "mlvitals_exporter_up": lasting(0),
            f'{FAILED}{{target="a",reason="auth"}}': lasting(1),
            f'{FAILED}{{target="b",reason="timeout"}}': lasting(1),
            f'{FAILED}{{exporter="other",target="c",reason="parse"}}': lasting(1),
            "mlvitals_exporter_last_success_timestamp_seconds": lasting(-60),
        },
        TARGET,
        "registry: no target can be read, reason: a auth, b timeout. Last read 11m 0s ago.",
    ),
    Silent("MlvitalsExporterDown", "one target of two is read", {"mlvitals_exporter_up": lasting(1)}),
    Silent("MlvitalsExporterDown", "no collection has ended yet", {PROCESS_UP: lasting(1)}),
    Firing(
        "MlvitalsTargetFailing",
        {
            "mlvitals_exporter_up": lasting(1),
            'mlvitals_target_up{target="a"}': lasting(1),
            'mlvitals_target_up{target="b"}': lasting(0),
            f'{FAILED}{{target="b",reason="http"}}': lasting(1),
            'mlvitals_target_last_success_timestamp_seconds{target="b"}': lasting(-60),
        },
        {**TARGET, "target": "b"},
        "registry: target b cannot be read, reason: http. Last read 11m 0s ago.",
    ),
    Silent(
        "MlvitalsTargetFailing",
        "the exporter is down altogether and has its own alert",
        {"mlvitals_exporter_up": lasting(0), 'mlvitals_target_up{target="a"}': lasting(0)},
    ),
    Silent(
        "MlvitalsTargetFailing",
        "every target is read",
        {"mlvitals_exporter_up": lasting(1), 'mlvitals_target_up{target="a"}': lasting(1)},
    ),
    Firing(
        "MlvitalsSeriesDropped",
        {
            'mlvitals_exporter_series_dropped{metric="mlflow_model_versions",reason="limit"}': lasting(40),
            'mlvitals_exporter_series_dropped{metric="mlflow_models",reason="limit"}': lasting(0),
            'mlvitals_exporter_series_dropped{metric="mlflow_model_tag_info",reason="limit"}': lasting(2),
            'mlvitals_exporter_series_dropped{metric="mlflow_model_alias_metric",reason="not_finite"}': lasting(7),
        },
        TARGET,
        "registry: 42 series are left out: 2 of mlflow_model_tag_info (limit), 40 of mlflow_model_versions (limit).",
    ),
    Silent(
        "MlvitalsSeriesDropped",
        "nothing is dropped",
        {'mlvitals_exporter_series_dropped{metric="mlflow_models",reason="limit"}': lasting(0)},
    ),
    Silent(
        "MlvitalsSeriesDropped",
        "runs log NaN now and then",
        {'mlvitals_exporter_series_dropped{metric="mlflow_model_alias_metric",reason="not_finite"}': lasting(1)},
    ),
    Firing(
        "MlvitalsConfigReloadFailed",
        {
            f"mlvitals_config_last_reload_successful{OF_PROCESS}": lasting(0),
            f"mlvitals_config_last_reload_success_timestamp_seconds{OF_PROCESS}": lasting(-3600),
        },
        PROCESS,
        "mlvitals: the last reload of vitals:10847 failed; what runs was loaded 1h 5m 0s ago.",
    ),
    Silent(
        "MlvitalsConfigReloadFailed",
        "the configuration was put right before anybody had to look",
        {f"mlvitals_config_last_reload_successful{OF_PROCESS}": "1x3 0x3 1x600"},
    ),
    Firing(
        "MlvitalsWatchdog",
        {},
        {},
        "This alert always fires. When it stops arriving, Prometheus, Alertmanager or the way between is broken.",
    ),
)
