"""Floor 2: ways to get a completion from a model. A solver asks; it never judges."""

from sinan.solving.both_orders import BothOrders
from sinan.solving.likelihood import Likelihood
from sinan.solving.many_turns import ManyTurns
from sinan.solving.one_turn import OneTurn
from sinan.solving.recorded import Recorded
from sinan.solving.repeated import Repeated
from sinan.solving.rolling import Rolling

__all__ = ["BothOrders", "Likelihood", "ManyTurns", "OneTurn", "Recorded", "Repeated", "Rolling"]
