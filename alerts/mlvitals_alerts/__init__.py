"""Alert and recording rules of mlvitals as data, with a runbook for each alert.

One module a system declares `SYSTEM`; `python -m mlvitals_alerts` writes `generated/` and `docs/alerts.md` from them.
"""
