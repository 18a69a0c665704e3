"""Deciding while answers come, with a guarantee that holds however often one looks. Knows no question: it is handed
scores in an order that was drawn at random before."""

from sinan.statistics.sequential.best import Best
from sinan.statistics.sequential.duel import Duel
from sinan.statistics.sequential.following import Following, Predictor
from sinan.statistics.sequential.known import DuelWithKnown
from sinan.statistics.sequential.one import Place, Precision, Threshold

__all__ = ["Best", "Duel", "DuelWithKnown", "Following", "Place", "Precision", "Predictor", "Threshold"]
