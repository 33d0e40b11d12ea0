"""Grafana dashboards as code. `generated/` holds what Grafana loads; only making it needs grafanalib.

A dashboard is one module of this package that defines `DASHBOARD`; `python -m mlvitals_dashboards` writes them all.
"""
