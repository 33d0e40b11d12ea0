"""The self-metrics: what every exporter's page and the process itself say about mlvitals."""

from __future__ import annotations

from mlvitals.core.metric import counter, gauge, info

REASONS = ("auth", "connect", "timeout", "http", "parse", "limit", "empty", "internal")
"""Why a target could not be read; 401 and 403 are `auth`, TLS and lost connections `connect`, other statuses `http`.

`empty`: its source answers, and has nothing of what is asked for.
"""
REFUSALS = ("no_credentials", "wrong_credentials", "busy", "tls", "header", "idle", "full")
"""Why a client of mlvitals' own server was turned away.

`busy`: too many passwords wait to be checked. `tls`: the handshake failed. `header`: the request's is too large.
`idle`: its connection had no request in progress and made room for another one. `full`: all had one.
"""

TARGET_UP = gauge("mlvitals_target_up", "1 when the last collection read this target, 0 when it failed", "target")
TARGET_FAILURE = gauge(
    "mlvitals_target_failure",
    "1 while reading this target fails, with the reason; absent otherwise",
    "target",
    reason=REASONS,
)
TARGET_LAST_SUCCESS = gauge(
    "mlvitals_target_last_success_timestamp_seconds", "When this target was last read, Unix time", "target"
)
EXPORTER_UP = gauge("mlvitals_exporter_up", "1 when the last collection read at least one target, else 0")
EXPORTER_LAST_SUCCESS = gauge(
    "mlvitals_exporter_last_success_timestamp_seconds", "When a collection last read at least one target, Unix time"
)
COLLECTION_DURATION = gauge(
    "mlvitals_exporter_collection_duration_seconds",
    "How long the last collection of this collector took, without waiting for a turn among others",
    "collector",
)
COLLECTION_ERRORS = counter(
    "mlvitals_exporter_collection_errors_total",
    "Targets that could not be read, by reason, since start",
    reason=REASONS,
)
EXPORTER_SERIES = gauge("mlvitals_exporter_series", "Series of the upstream system on this exporter's page")
SERIES_DROPPED = gauge(
    "mlvitals_exporter_series_dropped",
    "Series left out of the last collection, by metric and reason",
    "metric",
    "reason",
)

BUILD_INFO = info(
    "mlvitals_build_info", "Version of mlvitals and of the Python that runs it", "version", "python_version"
)
CONFIG_LAST_RELOAD_SUCCESSFUL = gauge(
    "mlvitals_config_last_reload_successful", "1 when the configuration was last loaded without an error, else 0"
)
CONFIG_LAST_RELOAD_SUCCESS = gauge(
    "mlvitals_config_last_reload_success_timestamp_seconds",
    "When the configuration that is running was loaded, Unix time",
)
HTTP_REFUSALS = counter(
    "mlvitals_http_refusals_total",
    "Requests and connections that mlvitals' own server turned away, by reason, since start",
    reason=REFUSALS,
)
