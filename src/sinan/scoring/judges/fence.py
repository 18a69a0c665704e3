"""What keeps the judged text apart from the words that judge it.

The text stands between two lines that carry a boundary which is not in it, so that it cannot close its own quotation.
The judge must give back a check code with its verdict: a verdict that was copied from the judged text has none.

Boundary and code are digests of all that is shown to the judge. Whoever writes the judged text would have to know the
digest of a text that holds that very digest; and the same judgement asked again is the same request, which a cache can
answer, as it could not if they were drawn.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sinan.types.message import canonical

_BOUNDARY, _CHECK = 16, 12
"""Hex digits: 64 and 48 bits."""


@dataclass(frozen=True, slots=True)
class Fence:
    """One judgement's boundary and check code."""

    boundary: str
    check: str

    def around(self, name: str, text: str) -> str:
        """The text between its two lines."""
        return f"<<<{name} {self.boundary}>>>\n{text}\n<<<END OF {name} {self.boundary}>>>"


def fence(*shown: str, draw: int = 0) -> Fence:
    """The fence for these texts; another one for each draw. Neither of its codes stands in any of the texts."""
    attempt = 0
    while True:
        digest = hashlib.sha256(canonical([attempt, draw, *shown])).hexdigest()
        made = Fence(digest[:_BOUNDARY], digest[_BOUNDARY : _BOUNDARY + _CHECK])
        if not _stands_in(made, shown):
            return made
        attempt += 1


def _stands_in(made: Fence, shown: Sequence[str]) -> bool:
    return any(code in text for text in shown for code in (made.boundary, made.check))
