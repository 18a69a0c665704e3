"""A folder of weights and a tokenizer, ready to be asked: text in, text and log-likelihoods out."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from sinan.errors import ModelUnusable, RequestRejected
from sinan.models.local.batcher import Batcher
from sinan.models.local.generate import Ask, Continued, generate
from sinan.models.local.likelihood import Ask as Asked
from sinan.models.local.likelihood import likelihoods, wholes
from sinan.models.local.llama import Llama
from sinan.models.local.prefixes import Ids, Prefixes
from sinan.types import LogLikelihood, Sampling


class Runtime:
    """One network with its tokenizer, its kept prefixes and its two queues."""

    def __init__(self, name: str, folder: Path) -> None:
        if not (folder / "model.safetensors").is_file():
            raise ModelUnusable(f"{name} has no weights at {folder}. Install sinan again.")
        self.name = name
        self.network = Llama(folder)
        self.prefixes = Prefixes(self.network)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._generations = Batcher(self._run_generations)
        self._likelihoods = Batcher(self._run_likelihoods)

    def encode(self, text: str) -> Ids:
        """Token ids, `<|bos|>` first."""
        try:
            return tuple(self._tokenizer.encode(text).ids)
        except (TypeError, UnicodeEncodeError):
            raise RequestRejected(f"{self.name}: the prompt holds a lone surrogate, which is no text.") from None

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids without special tokens; bytes that are no UTF-8 become U+FFFD."""
        text: str = self._tokenizer.decode(list(ids))
        return text

    async def generate(self, text: str, sampling: Sampling, limit: int) -> tuple[Continued, int]:
        """The continuation, and the tokens of the prompt. `limit` holds where `sampling` has no `max_tokens`."""
        ids = self._fitting(self.encode(text), 1)
        room = self.network.config.context - len(ids)
        ask = Ask(
            ids=ids,
            max_tokens=min(room, limit if sampling.max_tokens is None else sampling.max_tokens),
            stop=tuple(stop for stop in sampling.stop if stop),
            temperature=sampling.temperature or 0.0,
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed,
        )
        return await self._generations(ask, len(ids) + ask.max_tokens), len(ids)

    async def loglikelihood(self, text: str, continuations: Sequence[str]) -> tuple[tuple[LogLikelihood, ...], int]:
        """One value per continuation, and the tokens that were read."""
        if not continuations:
            return (), 0
        ask = wholes(self.encode, text, continuations)
        longest = max(ask, key=lambda whole: len(whole.ids))
        self._fitting(longest.ids, 0)
        tokens = ask[0].context + sum(len(whole.ids) - whole.context for whole in ask)
        return await self._likelihoods(ask, len(longest.ids)), tokens

    def _run_generations(self, asks: Sequence[Ask]) -> list[Continued]:
        return generate(self.network, self.prefixes, self.decode, asks)

    def _run_likelihoods(self, asks: Sequence[Asked]) -> list[tuple[LogLikelihood, ...]]:
        return likelihoods(self.network, self.prefixes, asks)

    def _fitting(self, ids: Ids, more: int) -> Ids:
        context = self.network.config.context
        if len(ids) + more > context:
            raise RequestRejected(f"{self.name} reads up to {context} tokens; the prompt has {len(ids)}. Shorten it.")
        return ids
