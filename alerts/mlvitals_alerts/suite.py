"""Rules about mlvitals itself: the monitoring is monitored too."""

from __future__ import annotations

from mlvitals.core import metrics as m
from mlvitals_alerts.rules import UP, Alert, System, each, label, last_read, lookup, value

_REASON = "{{ .Labels.reason }}"
# NaN is an answer that people's runs give now and then; where a value was promised, the system's own alert says so.
_NO_NUMBER = "not_finite"

SYSTEM = System(
    "suite",
    "mlvitals itself",
    "mlvitals-exporters",
    (
        Alert(
            "MlvitalsScrapeTargetMissing",
            "critical",
            "Prometheus cannot scrape mlvitals, or does not know of it.",
            f"{label('exporter')}: {{{{ with $labels.instance }}}}Prometheus cannot scrape the page at {{{{ . }}}}"
            "{{ else }}Prometheus knows of no mlvitals process{{ end }}.",
            # A page of jmx_exporter is that of one daemon.
            f'{UP}{{exporter_type!="",daemon=""}} == 0\n'
            f'or label_replace(absent({UP}{{exporter_type!=""}}), "exporter", "mlvitals", "", "")',
            for_="5m",
        ),
        Alert(
            "MlvitalsExporterDown",
            # A system's own alert is critical and mutes this one, so a warning here is what reaches nobody's sleep.
            "warning",
            "An exporter can read none of its targets.",
            f"{label('exporter')}: no target can be read, reason: "
            + each(f"{m.TARGET_FAILURE}{{%s}}", by="target", show=f"{{{{ .Labels.target }}}} {_REASON}")
            + ". "
            + last_read(m.EXPORTER_LAST_SUCCESS),
            f"{m.EXPORTER_UP} == 0",
            for_="10m",
        ),
        Alert(
            "MlvitalsTargetFailing",
            "warning",
            "An exporter cannot read one of its targets.",
            f"{label('exporter')}: target {label('target')} cannot be read, reason: "
            + each(f"{m.TARGET_FAILURE}{{%s}}", "target", by="target", show=_REASON)
            + ". "
            + last_read(m.TARGET_LAST_SUCCESS, "target"),
            # A data set is a target too, and has an alert that knows what computing one takes.
            f'{m.TARGET_UP}{{exporter_type!="evidently"}} == 0\nunless ignoring (target) {m.EXPORTER_UP} == 0',
            for_="10m",
        ),
        Alert(
            "MlvitalsSeriesDropped",
            "warning",
            "An exporter leaves series out of its page.",
            f"{label('exporter')}: {value('humanize')} series are left out: "
            + each(
                f'{m.SERIES_DROPPED}{{%s,reason!="{_NO_NUMBER}"}} > 0',
                by="metric",
                show="{{ .Value | humanize }} of {{ .Labels.metric }} ({{ .Labels.reason }})",
            )
            + ".",
            f'sum without (metric, reason) ({m.SERIES_DROPPED}{{reason!="{_NO_NUMBER}"}}) > 0',
            for_="30m",
        ),
        Alert(
            "MlvitalsConfigReloadFailed",
            "warning",
            "A new configuration was refused; the one before it stays in force.",
            f"{label('exporter')}: the last reload of {label('instance')} failed; what runs was loaded "
            + lookup(f"time() - {m.CONFIG_LAST_RELOAD_SUCCESS}{{%s}}", show="value | humanizeDuration", text="%s ago")
            + ".",
            f"{m.CONFIG_LAST_RELOAD_SUCCESSFUL} == 0",
            for_="5m",
        ),
        Alert(
            "MlvitalsWatchdog",
            "none",
            "Always firing: proves that alerts reach you.",
            "This alert always fires. When it stops arriving, Prometheus, Alertmanager or the way between is broken.",
            "vector(1)",
        ),
    ),
)
