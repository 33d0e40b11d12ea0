"""Data sets: drift, quality and stability against a reference, by Evidently."""
