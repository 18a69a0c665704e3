"""Between `asked` and `evaluate`: runs that end when enough is known. What is wanted to be known is declared before the
first request; the engine asks in an order drawn beforehand; statistics.sequential says when it is enough."""

from sinan.stopping.declared import Declared, stop_by
from sinan.stopping.following import Following, follow

__all__ = ["Declared", "Following", "follow", "stop_by"]
