"""How much one pass may read: as many tokens as memory bears, found out by running out of it.

A pass that does not fit is split in two until it fits; the budget shrinks with it, and grows back slowly.
"""

import gc
from pathlib import Path
from typing import Any

CALM = 32  # passes without trouble before the budget grows by an eighth


class Budget:
    """Tokens of one pass, padding included."""

    def __init__(self, tokens: int) -> None:
        self.most = self.tokens = tokens
        self._calm = 0

    def fitted(self) -> None:
        """A pass went well."""
        self._calm += 1
        if self._calm >= CALM and self.tokens < self.most:
            self.tokens, self._calm = min(self.most, self.tokens + max(1, self.tokens // 8)), 0

    def burst(self, tokens: int) -> None:
        """A pass of so many tokens was too much."""
        self.tokens, self._calm = max(1, min(self.tokens, tokens) // 2), 0


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of an accelerator or of this machine."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    told = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in told or "can't allocate memory" in told)


def free(device: Any) -> int:
    """Bytes that can still be had on a device."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        table = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return int(table["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 4 << 30


def release(device: Any) -> None:
    """Give back what is held for nothing."""
    import torch

    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
