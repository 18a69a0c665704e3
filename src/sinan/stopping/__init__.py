"""Between `asked` and `evaluate`: runs that end when enough is known. What is wanted to be known is declared before the
first request; the engine asks in an order drawn beforehand; statistics.sequential says when it is enough.

`following` and `replayed` load numpy: they are imported where a rule is followed.
"""

from sinan.stopping.declared import Declared, stop_by

__all__ = ["Declared", "stop_by"]
