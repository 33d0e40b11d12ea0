"""MLflow: registered models, aliases and what stands behind them, experiments and their runs."""
