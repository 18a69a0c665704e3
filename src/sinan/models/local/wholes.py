"""Texts become tokens whose log-likelihood is wanted: contexts, continuations, whole texts in windows.

All models whose tokens are at hand share these rules, which are lm-evaluation-harness's:

- Blanks at the end of a context go to the continuation. Context and continuation are encoded together, and what lies
  behind the context's own number of tokens is the continuation. It is read after the context's own tokens, even
  where the last of them would have become another one in company.
- Special tokens are left to the tokenizer, and forced off where a text already begins with the first of them.
- An empty context is the prefix token (beginning of text, else end of text); where the continuation itself begins
  with that token, it is the context and not counted.
- A whole text is read in windows that do not overlap: the first predicts from the prefix token, each next one from
  the last token of the one before; the last, shorter one is filled up with context from the left.

That harness breaks off where a token of the context swallows a whole continuation. Here such a token belongs to the
continuation, as where a server's echo is read.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum

from sinan.errors import RequestRejected
from sinan.types import LogLikelihood, Prompt

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A context with one continuation, or one window of a longer text."""

    ids: Ids
    context: int
    """How many of the ids are context; at least 1."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one model's texts become tokens."""

    name: str
    """As in results."""
    encode: Callable[[Sequence[str], bool], list[Ids]]
    """(texts, whether the tokenizer adds its special tokens) -> ids. Raises RequestRejected for what is no text."""
    prefix: int
    """Id of the token that stands for an empty context."""
    begins: str
    """The text of that token; special tokens are forced off for texts that begin with it. Empty: for none."""
    longest: int
    """Tokens that the model reads at most."""

    def read(self, text: str) -> Ids:
        """The ids of one text as the model reads it."""
        return self.encode([text], not self.begun(text))[0]

    def with_room(self, text: str, answer: int, cut: bool) -> tuple[Ids, int]:
        """The ids of a text that is to be continued, and how many tokens the answer may have, `answer` at most.

        Where both do not fit, the text loses its beginning if it may be `cut`; else the answer is made shorter. Raises
        RequestRejected where no token would be left for it.
        """
        ids = self.read(text) or (self.prefix,)
        room = self.longest - len(ids)
        if cut and room < answer < self.longest:
            return ids[answer - self.longest :], answer
        if room < 1:
            raise RequestRejected(
                f"{self.name} reads up to {self.longest} tokens; the prompt has {len(ids)}. Shorten it."
            )
        return ids, min(room, answer)

    def begun(self, text: str) -> bool:
        """Whether a text brings its first special token itself."""
        return bool(self.begins) and text.startswith(self.begins)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one request wants, in texts."""

    pairs: tuple[tuple[str, str], ...] = ()
    """(context, continuation)."""
    rolling: str | None = None
    """A text of which the whole is wanted; there are no pairs then."""
    cut: bool = False
    """Whether what is too long loses its beginning; else it is refused."""

    @classmethod
    def of(cls, prompt: Prompt, text: str | None = None) -> "Wanted":
        """Of a prompt; `text` stands for its messages, as the model reads them."""
        if prompt.rolling:
            return cls((), prompt.text if text is None else text, prompt.cut)
        if text is None:
            return cls(prompt.pairs, None, prompt.cut)
        return cls(tuple((text, continuation) for continuation in prompt.continuations), None, prompt.cut)


def wholes(reader: Reader, wanted: Sequence[Wanted]) -> list[tuple[Whole, ...] | RequestRejected]:
    """The tokens of every request, or why it cannot be read. Equal texts are encoded once, all together."""
    plain, bare = dict[str, Ids](), dict[str, Ids]()  # with special tokens as the tokenizer likes, and without
    out: list[tuple[Whole, ...] | RequestRejected] = []
    try:
        _encode(reader, wanted, plain, bare)
    except RequestRejected as error:
        if len(wanted) == 1:
            return [error]
        return [one for each in wanted for one in wholes(reader, [each])]
    for one in wanted:
        try:
            out.append(tuple(_wholes(reader, one, plain, bare)))
        except RequestRejected as error:
            out.append(error)
    return out


@dataclass(frozen=True, slots=True)
class Likely:
    """What one request for log-likelihoods gives."""

    values: tuple[LogLikelihood, ...]
    tokens: int
    """That were read, a context of several continuations once."""
    prompt_ids: str

    @classmethod
    def of(cls, wanted: Wanted, read: tuple[Whole, ...], values: tuple[LogLikelihood, ...]) -> "Likely":
        """From the values of all wholes; those of a whole text are one."""
        contexts = list(dict.fromkeys(whole.ids[: whole.context] for whole in read))
        tokens = sum(map(len, contexts)) + sum(len(whole.ids) - whole.context for whole in read)
        if wanted.rolling is None:
            return cls(values, tokens, ids_hash(i for ids in contexts for i in ids))
        counted = [i for whole in read for i in whole.ids[whole.context :]]
        return cls((together(values),), tokens, ids_hash(counted))


def ids_hash(ids: Iterable[int]) -> str:
    """As `Completion.prompt_ids` wants it."""
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]


def together(values: Sequence[LogLikelihood]) -> LogLikelihood:
    """The windows of one text as one value."""
    total = fsum(value.value for value in values)
    return LogLikelihood(total, sum(value.tokens for value in values), all(value.greedy for value in values))


def _encode(reader: Reader, wanted: Sequence[Wanted], plain: dict[str, Ids], bare: dict[str, Ids]) -> None:
    texts: dict[str, None] = {}
    alone: dict[str, None] = {}
    for one in wanted:
        if one.rolling is not None:
            texts[one.rolling] = None
        for context, continuation in one.pairs:
            if context:
                texts[context.rstrip()] = None
                texts[context + continuation] = None
            else:
                alone[continuation] = None
    begun = [text for text in texts if reader.begun(text)]
    others = [text for text in texts if not reader.begun(text)]
    plain.update(zip(others, reader.encode(others, True), strict=True))
    without = list(dict.fromkeys([*begun, *alone]))
    bare.update(zip(without, reader.encode(without, False), strict=True))
    plain.update((text, bare[text]) for text in begun)


def _wholes(reader: Reader, one: Wanted, plain: dict[str, Ids], bare: dict[str, Ids]) -> Iterator[Whole]:
    if one.rolling is not None:
        yield from windows(plain[one.rolling], reader.prefix, reader.longest)
    for context, continuation in one.pairs:
        if context:
            whole = _pair(reader, plain[context.rstrip()], plain[context + continuation], bool(continuation))
        else:
            whole = _alone(reader, bare[continuation])
        yield _fitting(reader, whole, one.cut)


def _pair(reader: Reader, context: Ids, ids: Ids, continued: bool) -> Whole:
    count = len(context)
    if continued and len(ids) <= count:
        context, count = ids[:-1], len(ids) - 1
    whole = (*context, *ids[count:])
    return Whole(whole, count) if count > 0 else Whole((reader.prefix, *whole), 1)


def _alone(reader: Reader, ids: Ids) -> Whole:
    return Whole(ids if ids[:1] == (reader.prefix,) else (reader.prefix, *ids), 1)


def _fitting(reader: Reader, whole: Whole, cut: bool) -> Whole:
    """The last token is never read, so one more than the model reads may be there."""
    length, continuation = len(whole.ids), len(whole.ids) - whole.context
    if length <= reader.longest + 1:
        return whole
    if not cut or continuation > reader.longest:
        raise RequestRejected(
            f"{reader.name} reads up to {reader.longest} tokens; the prompt has {length}"
            f"{f', its continuation alone {continuation}' if continuation > reader.longest else ''}. Shorten it."
        )
    return Whole(whole.ids[-reader.longest - 1 :], reader.longest + 1 - continuation)


def windows(ids: Ids, prefix: int, longest: int) -> Iterator[Whole]:
    """Every token of a text counted once, in windows of `longest` read tokens."""
    if ids:
        yield Whole((prefix, *ids[:longest]), 1)
    for start in range(longest, len(ids), longest):
        end = min(start + longest, len(ids))
        yield Whole(ids[end - longest - 1 : end], longest + 1 - (end - start))
