"""Evidently is imported before the tests: its import warns of what it uses of others, and warnings are errors here."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import evidently.metrics  # noqa: F401
