"""Reads prompts into a cache, and what many of them begin with only once.

Few-shot prompts of a benchmark share a long header. The header's cache is kept and copied into every row that begins
with it; of a kept prefix any part can be used. What is kept is bounded in tokens; the least recently used goes first.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from sinan.models.local.cache import Cache, Floats
from sinan.models.local.llama import Llama
from sinan.models.local.tree import WORTH, common, headers
from sinan.models.local.wholes import Ids

LONGEST = 4096
KEPT = 16_384  # tokens over all kept prefixes; 50 MB for 6 layers of 2 heads of 32


class Prefixes:
    """The kept prefixes of one network, for any number of threads."""

    def __init__(self, network: Llama) -> None:
        self._network = network
        self._lock = threading.Lock()  # held while what is kept is looked up, copied or read, not for the rest
        self._kept: OrderedDict[Ids, Cache] = OrderedDict()

    def read(self, prompts: Sequence[Ids], room: int = 0) -> tuple[Cache, Floats]:
        """A cache with one row per prompt, `room` tokens larger than they need, and the state after each one's end.

        The states are (rows, width); of an empty prompt the state means nothing.
        """
        cache = self._network.start(len(prompts), max(map(len, prompts)) + room)
        with self._lock:
            self._keep_shared(prompts)
            for row, prompt in enumerate(prompts):
                kept, length = self._longest(prompt)
                if kept is not None:
                    cache.put(row, kept, length)
        tails = [prompt[int(start) :] for prompt, start in zip(prompts, cache.lengths, strict=True)]
        if not any(tails):
            return cache, np.zeros((len(prompts), self._network.config.width), np.float32)
        states = self._network.extend(cache, tails)
        return cache, states[range(len(tails)), [max(0, len(tail) - 1) for tail in tails]]

    def _keep_shared(self, prompts: Sequence[Ids]) -> None:
        """Keep what two or more prompts have in common, where it is long enough and not kept yet."""
        different = list(set(prompts))
        found = {one[:length] for one, length in zip(different, headers(different, LONGEST), strict=True) if length}
        for prefix in sorted(found, key=len):
            if self._longest(prefix)[1] < len(prefix) - WORTH:
                self._keep(prefix)

    def _keep(self, prefix: Ids) -> None:
        cache = self._network.start(1, len(prefix))
        kept, length = self._longest(prefix)
        if kept is not None:
            cache.put(0, kept, length)
        self._network.extend(cache, [prefix[length:]])
        self._kept[prefix] = cache
        while sum(map(len, self._kept)) > KEPT:
            self._kept.popitem(last=False)

    def _longest(self, prompt: Ids) -> tuple[Cache | None, int]:
        """The kept prefix that shares most with a prompt, and how much of it; the last token is always read anew."""
        best: Ids | None = None
        length = WORTH - 1
        for prefix in self._kept:
            if prefix[:WORTH] == prompt[:WORTH]:
                shared = min(common(prefix, prompt), len(prompt) - 1)
                best, length = (prefix, shared) if shared > length else (best, length)
        if best is None:
            return None, 0
        self._kept.move_to_end(best)
        return self._kept[best], length
