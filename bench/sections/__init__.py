"""The sections of the bench: each has a TITLE and `lines(size)`, the lines of its part of RESULTS.md."""

from typing import Literal

Size = Literal["small", "usual", "long"]
