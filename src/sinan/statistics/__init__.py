"""Floor 1: numbers about numbers. Knows no sample and no text: it is handed values."""

from sinan.statistics.calibration import brier, ece
from sinan.statistics.control_variate import control_variate
from sinan.statistics.intervals import accuracy, mean_t, wilson
from sinan.statistics.metrics import metrics
from sinan.statistics.paired import paired

__all__ = ["accuracy", "brier", "control_variate", "ece", "mean_t", "metrics", "paired", "wilson"]
