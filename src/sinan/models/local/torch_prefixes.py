"""The beginnings that prompts share, read once and kept: keys and values, bounded in bytes.

What was used least recently goes first. Of a kept beginning any part can be used.
"""

from collections import OrderedDict
from collections.abc import Sequence

from sinan.models.local.torch_cache import Past
from sinan.models.local.torch_network import Network
from sinan.models.local.tree import WORTH, common, headers
from sinan.models.local.wholes import Ids

LONGEST = 32_768  # tokens of one kept beginning
GAIN = 512  # tokens that a new one must save at once: it is read in a pass of its own


class Kept:
    """The kept beginnings of one network."""

    def __init__(self, network: Network, most: int) -> None:
        """`most`: bytes that all of them may take together."""
        self._network, self._most = network, most
        self._kept: OrderedDict[Ids, Past] = OrderedDict()
        self._bytes = 0

    def find(self, prompts: Sequence[Ids]) -> list[Ids]:
        """For each prompt, the beginning of it that is kept, or worth to be, since others share it; () for none."""
        if not self._network.shares:
            return [()] * len(prompts)
        out = []
        for prompt, length in zip(prompts, headers(prompts, LONGEST, GAIN), strict=True):
            kept = self._longest(prompt)
            out.append(prompt[: max(length, kept if kept >= length + WORTH or kept == length else 0)])
        return out

    def past(self, prefix: Ids) -> Past | None:
        """Keys and values of a beginning, read where they are not kept. None for the empty one."""
        if not prefix:
            return None
        found = self._kept.get(prefix)
        if found is None:
            found = self._read(prefix)
            self._keep(prefix, found)
        if prefix in self._kept:
            self._kept.move_to_end(prefix)
        return found

    def clear(self) -> None:
        """Let go of all."""
        self._kept.clear()
        self._bytes = 0

    def _read(self, prefix: Ids) -> Past:
        import torch

        before = self._part(prefix)
        start = before.lengths[0] if before else 0
        ids = torch.tensor([prefix[start:]], device=self._network.device)
        positions = torch.arange(start, len(prefix), device=ids.device)[None]
        mask = None
        if before:
            mask = torch.ones((1, len(prefix) - start, len(prefix)), dtype=torch.bool, device=ids.device).tril_(start)
        _, new = self._network.extend(ids, positions, mask, before, keep=True)
        if before:
            new = [
                (torch.cat([old[0], own[0]], dim=2), torch.cat([old[1], own[1]], dim=2))
                for old, own in zip(before.layers, new, strict=True)
            ]
        return Past(new, (len(prefix),))

    def _part(self, prefix: Ids) -> Past | None:
        """What is kept of its beginning, cut to what they share."""
        best: Ids = ()
        length = WORTH - 1
        for one in self._kept:
            shared = common(one, prefix) if one[:WORTH] == prefix[:WORTH] else 0
            if shared > length:
                best, length = one, shared
        if not best:
            return None
        length = min(length, len(prefix) - 1)
        layers = [(keys[:, :, :length], values[:, :, :length]) for keys, values in self._kept[best].layers]
        return Past(layers, (length,))

    def _keep(self, prefix: Ids, past: Past) -> None:
        if past.bytes > self._most:
            return
        self._kept[prefix] = past
        self._bytes += past.bytes
        while self._bytes > self._most:
            self._bytes -= self._kept.popitem(last=False)[1].bytes

    def _longest(self, prompt: Ids) -> int:
        """Of the kept beginnings that the prompt begins with, the longest."""
        # The last token is looked at first: it tells most headers apart at the price of one comparison.
        likely = (one for one in self._kept if len(one) <= len(prompt) and one[-1] == prompt[len(one) - 1])
        return max((len(one) for one in likely if prompt[: len(one)] == one), default=0)
