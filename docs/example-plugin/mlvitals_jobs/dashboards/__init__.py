"""The dashboard about jobs. `python -m mlvitals_dashboards mlvitals_jobs.dashboards` writes `generated/`."""
