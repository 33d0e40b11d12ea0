"""Evidently metrics that Evidently does not have, for any report: see docs/evidently-custom.md."""

from mlvitals.evidently.custom.columns import IqrOutlierCount, MeanInSigmas, MostCommonValueShare, ZScoreOutlierCount
from mlvitals.evidently.custom.datasets import ChangedTypeCount, CorrelatedColumnCount, MahalanobisOutlierCount

__all__ = [
    "ChangedTypeCount",
    "CorrelatedColumnCount",
    "IqrOutlierCount",
    "MahalanobisOutlierCount",
    "MeanInSigmas",
    "MostCommonValueShare",
    "ZScoreOutlierCount",
]
