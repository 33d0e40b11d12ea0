"""What the demo plays: names and numbers that the servers are filled with and later asked for."""

from __future__ import annotations

MODELS = ("iris-species", "wine-cultivar", "diabetes-progression")
VERSIONS, CHAMPION, CHALLENGER = 3, 2, 3

STUCK_EXPERIMENT = "nightly-retraining"
STUCK_HOURS = 9
ALERT = "MlflowRunStuck"
EXPECTED_ALERTS = frozenset({ALERT, "MlvitalsWatchdog"})

EXPORTER, TEAM = "registry", "ml-platform"
