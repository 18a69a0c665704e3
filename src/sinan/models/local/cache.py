"""What a network remembers of the tokens it has read: keys and values of every layer, one row per sequence.

Rows have their own lengths. A row's storage beyond its length holds leftovers that attention never looks at.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Cache:
    """Keys and values, each (layers, rows, kv heads, capacity, head width), and how much of each row is filled."""

    def __init__(self, keys: Floats, values: Floats, lengths: Ints) -> None:
        self.keys = keys
        self.values = values
        self.lengths = lengths

    @classmethod
    def empty(cls, layers: int, rows: int, kv_heads: int, width: int, capacity: int = 0) -> "Cache":
        """Rows of length 0."""
        shape = (layers, rows, kv_heads, capacity, width)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(rows, np.int64))

    def reserve(self, capacity: int) -> None:
        """Make room for `capacity` tokens in every row; grows by half at least, so that growing stays rare."""
        held = self.keys.shape[3]
        if capacity > held:
            more = [(0, 0), (0, 0), (0, 0), (0, max(capacity - held, held // 2)), (0, 0)]
            self.keys, self.values = np.pad(self.keys, more), np.pad(self.values, more)

    def rows(self, indices: Sequence[int] | Ints) -> "Cache":
        """A copy with these rows, in this order; a row may occur more than once."""
        chosen = np.asarray(indices, np.int64)
        lengths = self.lengths[chosen]
        end = int(lengths.max(initial=0))
        return Cache(self.keys[:, chosen, :, :end], self.values[:, chosen, :, :end], lengths)

    def head(self, row: int, length: int) -> "Cache":
        """A copy of one row's first `length` tokens."""
        keys, values = (part[:, row : row + 1, :, :length].copy() for part in (self.keys, self.values))
        return Cache(keys, values, np.array([length]))

    def put(self, row: int, other: "Cache", length: int) -> None:
        """Set a row to the first `length` tokens of a one-row cache. There must be room."""
        self.keys[:, row, :, :length] = other.keys[:, 0, :, :length]
        self.values[:, row, :, :length] = other.values[:, 0, :, :length]
        self.lengths[row] = length
