"""A folder of weights and a tokenizer, ready to be asked: text in, text and log-likelihoods out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer

from sinan.errors import ModelUnusable, RequestRejected
from sinan.models.local.batcher import Batcher
from sinan.models.local.generate import Ask, Continued, generate
from sinan.models.local.likelihood import Ask as Asked
from sinan.models.local.likelihood import likelihoods
from sinan.models.local.llama import Llama
from sinan.models.local.prefixes import Prefixes
from sinan.models.local.rendering import refuse_two_beginnings, rendered
from sinan.models.local.wholes import Ids, Likely, Reader, Wanted, wholes
from sinan.types import LogLikelihood, Prompt, Rendered, Sampling


class Runtime:
    """One network with its tokenizer, its kept prefixes and its two queues."""

    def __init__(self, name: str, folder: Path) -> None:
        if not (folder / "model.safetensors").is_file():
            raise ModelUnusable(f"{name} has no weights at {folder}. Install sinan again.")
        self.name = name
        self.network = Llama(folder)
        self.prefixes = Prefixes(self.network)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # The token that texts begin with stands for an empty context.
        bos = self.network.config.bos
        self.reader = Reader(
            name, self._encoded, bos, self._tokenizer.id_to_token(bos) or "", self.network.config.context
        )
        self._generations = Batcher(self._run_generations)
        self._likelihoods = Batcher(self._run_likelihoods)

    def encode(self, text: str) -> Ids:
        """Token ids, `<|bos|>` first."""
        return self.reader.read(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids without special tokens; bytes that are no UTF-8 become U+FFFD."""
        text: str = self._tokenizer.decode(list(ids))
        return text

    def render(self, prompt: Prompt) -> Rendered:
        """The text as it is read. Raises UsageError for one that brings the beginning-of-text token twice."""
        written = partial(self._tokenizer.decode, skip_special_tokens=False)
        found = rendered(self.reader, prompt, prompt.text, written)
        remedy = f"a text without {self.reader.begins}; the tokenizer adds it"
        refuse_two_beginnings(self.name, found.ids, self.reader.prefix, self.reader.begins, False, remedy)
        return found

    async def generate(self, text: str, sampling: Sampling, limit: int, cut: bool = False) -> tuple[Continued, Ids]:
        """The continuation, and what was read. `limit` holds where `sampling` has no `max_tokens`."""
        ids, room = self.reader.with_room(text, limit if sampling.max_tokens is None else sampling.max_tokens, cut)
        ask = Ask(
            ids=ids,
            max_tokens=room,
            stop=tuple(stop for stop in sampling.stop if stop),
            temperature=sampling.temperature or 0.0,
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed,
        )
        return await self._generations(ask, len(ids) + ask.max_tokens), ids

    async def loglikelihood(self, prompt: Prompt) -> Likely:
        """One value per continuation, or one of a whole text. Raises RequestRejected where it is too long."""
        wanted = Wanted.of(prompt)
        (read,) = wholes(self.reader, [wanted])
        if isinstance(read, RequestRejected):
            raise read
        values = await self._likelihoods(read, max(len(whole.ids) for whole in read)) if read else ()
        return Likely.of(wanted, read, values)

    def _encoded(self, texts: Sequence[str], special: bool) -> list[Ids]:
        try:
            found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=special)
        except (TypeError, UnicodeEncodeError):
            raise RequestRejected(f"{self.name}: the prompt holds a lone surrogate, which is no text.") from None
        return [tuple(one.ids) for one in found]

    def _run_generations(self, asks: Sequence[Ask]) -> list[Continued]:
        return generate(self.network, self.prefixes, self.decode, asks)

    def _run_likelihoods(self, asks: Sequence[Asked]) -> list[tuple[LogLikelihood, ...]]:
        return likelihoods(self.network, self.prefixes, asks)
