"""Floor 1: numbers about numbers. Knows no sample and no text: it is handed values."""

from sinan.statistics.intervals import METRICS, accuracy, mean_t, wilson

__all__ = ["METRICS", "accuracy", "mean_t", "wilson"]
