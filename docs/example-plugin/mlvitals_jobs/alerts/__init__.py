"""Rules about jobs. `python -m mlvitals_alerts mlvitals_jobs.alerts` writes `generated/`."""
