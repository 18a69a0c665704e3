"""Log-likelihoods from /completions: the server echoes what it was sent, with the log-probability of every token.

Pure functions. One request per continuation: the context and the continuation as one text, one token to generate
(many servers refuse none), which is left out again when the reply is read. A raw reply to `The sky is` + ` blue`:

    {"choices": [{"text": "The sky is blue.", "logprobs": {
        "tokens": ["The", " sky", " is", " blue", "."], "token_logprobs": [null, -4.1, -0.6, -1.2, -0.9],
        "text_offset": [0, 3, 7, 10, 15], "top_logprobs": [null, {" sky": -4.1}, ...]}}]}

Which tokens are the continuation's:
- Spaces at the end of the context belong to the continuation (lm-eval's convention: tokenizers join a space to the
  word after it).
- A token that begins in the context and ends beyond it belongs to the continuation, whole. Nothing finer can be said.
- Where the server's offsets do not meet the text (a begin-of-text token counted in, a character spread over several
  tokens), the continuation is looked for as text at the end of the echoed tokens. Where that fails as well the call
  fails: a sum over the wrong tokens would look like a result.
"""

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from sinan.errors import RequestRejected, TransientError, Unsupported
from sinan.models.dialects.openai import first_choice
from sinan.types import LogLikelihood

_REMEDY = "ask the benchmark by a protocol that generates (--protocol generate), or serve the model with vLLM"

_MARKS = str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})
"""How some servers write the spaces and newlines of a token."""


def split_spaces(context: str, continuation: str) -> tuple[str, str]:
    """The pair with the spaces at the context's end moved to the continuation."""
    kept = context.rstrip()
    return kept, context[len(kept) :] + continuation


def echo_request(model: str, context: str, continuation: str) -> dict[str, Any]:
    """Body of POST /completions that asks for the log-probabilities of what it sends."""
    return {
        "model": model,
        "prompt": context + continuation,
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": 1,
        "echo": True,
    }


def read_echo(reply: Any, context: str, continuation: str) -> LogLikelihood:
    """Log-likelihood of the continuation after the context, both as `split_spaces` gave them.

    `greedy` is False where the server names no most likely token. Raises ModelUnusable where the server does not
    echo log-probabilities, RequestRejected where this text can have none (the first token of all has no
    probability; offsets that do not meet the text), TransientError for numbers that are none.
    """
    echo, first, stop = _found(reply, context, continuation)
    return _sum(echo, first, stop)


def read_rolling(reply: Any, bos: str, text: str) -> LogLikelihood:
    """Log-likelihood of a whole text, sent after `bos`, the token that texts of this model begin with.

    `bos` may be empty where the server puts that token there itself. Raises Unsupported where nothing stands before
    the text: its first token would have no probability, and the sum would be that of another text. Otherwise raises as
    `read_echo` does.
    """
    echo, first, stop = _found(reply, bos, text)
    if first == 0:
        raise Unsupported(
            "the server gives the first token of a text no probability, so the text as a whole has none; name the "
            "token that this model's texts begin with in the model's options, such as bos=<|endoftext|>"
        )
    return _sum(echo, first, stop)


def _found(reply: Any, context: str, continuation: str) -> tuple["_Echo", int, int]:
    """The echo, and the continuation's tokens in it: the first, and the first one after them."""
    choice = first_choice(reply)
    echo = _read(choice, context + continuation)
    if not continuation:
        raise RequestRejected("an empty continuation has no log-likelihood")
    return echo, *_span(echo, choice.get("text"), context, continuation)


def _sum(echo: "_Echo", first: int, stop: int) -> LogLikelihood:
    values = [_number(value, at) for at, value in enumerate(echo.logprobs[first:stop], first)]
    total = math.fsum(values)
    greedy = all(_is_top(value, top) for value, top in zip(values, echo.tops[first:stop], strict=True))
    return LogLikelihood(total, len(values), greedy)


@dataclass(frozen=True, slots=True)
class _Echo:
    """The columns of `logprobs`, one row per token."""

    tokens: list[str] | None
    logprobs: list[Any]
    tops: list[Any]
    bounds: list[int]
    """Where each token begins, in characters of the text, and where the last one ends."""


def _read(choice: dict[str, Any], text: str) -> _Echo:
    table = choice.get("logprobs")
    logprobs = table.get("token_logprobs") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(logprobs, list) or not logprobs:
        raise Unsupported(f"the server gives no log-probabilities for what it is sent; {_REMEDY}")
    tokens, tops = table.get("tokens"), table.get("top_logprobs")
    if not (isinstance(tokens, list) and len(tokens) == len(logprobs) and all(isinstance(t, str) for t in tokens)):
        tokens = None
    if not (isinstance(tops, list) and len(tops) == len(logprobs)):
        tops = [None] * len(logprobs)
    return _Echo(tokens, logprobs, tops, _bounds(table.get("text_offset"), tokens, len(logprobs), text))


def _bounds(offsets: Any, tokens: list[str] | None, count: int, text: str) -> list[int]:
    """The server's offsets where it has them (some send -1 for each), else the tokens' lengths added up."""
    if _are_offsets(offsets, count):
        end = offsets[-1] + len(tokens[-1]) if tokens else max(offsets[-1], len(text))
        return [*offsets, end]
    if tokens is None:
        raise Unsupported(f"the server does not say which log-probability belongs to which token; {_REMEDY}")
    return list(accumulate(map(len, tokens), initial=0))


def _are_offsets(offsets: Any, count: int) -> bool:
    if not isinstance(offsets, list) or len(offsets) != count:
        return False
    if not all(isinstance(o, int) and not isinstance(o, bool) and o >= 0 for o in offsets):
        return False
    return all(a <= b for a, b in pairwise(offsets)) and (count == 1 or offsets[-1] > 0)


def _span(echo: _Echo, text: Any, context: str, continuation: str) -> tuple[int, int]:
    """Index of the continuation's first token, and of the first one after it."""
    start, end = len(context), len(context + continuation)
    if echo.bounds[-1] <= start:
        raise Unsupported(f"the server gives log-probabilities only for what it writes itself; {_REMEDY}")
    first = _first(echo, start)
    stop = sum(begin < end for begin in echo.bounds[:-1])
    if first < stop and end in echo.bounds and _meets(echo.tokens, stop, context + continuation):
        return first, stop
    found = _span_by_text(echo.tokens, text, context + continuation, continuation)
    if found is None:
        raise RequestRejected("the tokens that the server echoes do not meet the text that it was sent")
    return found


def _first(echo: _Echo, start: int) -> int:
    """The first token that begins at `start` or later, or ends beyond it; a silent begin-of-text token is passed."""
    rows = enumerate(pairwise(echo.bounds))
    first = next(at for at, (begin, end) in rows if begin >= start or end > start)
    silent = first == 0 and echo.bounds[1] == 0 and echo.logprobs[0] is None
    return first + silent


def _meets(tokens: list[str] | None, stop: int, sent: str) -> bool:
    """Whether the tokens before `stop` spell what was sent. Without tokens the offsets are all there is."""
    return tokens is None or _spelled(tokens[:stop]) == sent.translate(_MARKS)


def _spelled(tokens: list[str]) -> str:
    return "".join(tokens).translate(_MARKS)


def _span_by_text(tokens: list[str] | None, text: Any, sent: str, continuation: str) -> tuple[int, int] | None:
    """The tokens at the end of the echo that spell the continuation, without the one that was generated."""
    if not tokens or not isinstance(text, str) or not text.startswith(sent):
        return None
    stop = len(tokens)
    if text != sent:
        return _span_before(tokens, stop - 1, continuation)
    while stop and not tokens[stop - 1]:  # the generated token may be an end-of-text that spells nothing
        stop -= 1
    return _span_before(tokens, stop, continuation) or _span_before(tokens, stop - 1, continuation)


def _span_before(tokens: list[str], stop: int, continuation: str) -> tuple[int, int] | None:
    """The shortest row of tokens before `stop` that ends in the continuation. Silent tokens before it are the first
    bytes of its first character."""
    first, length = stop, 0
    while first > 0 and (length < len(continuation) or not tokens[first - 1]):
        first -= 1
        length += len(tokens[first])
    fits = first < stop and _spelled(tokens[first:stop]).endswith(continuation.translate(_MARKS))
    return (first, stop) if fits else None


def _number(value: Any, at: int) -> float:
    if value is None and at == 0:
        raise RequestRejected(
            "nothing comes before the continuation, and a model gives no probability to the very first token: "
            "the prompt needs a context"
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_logarithm(value):
        raise TransientError("the reply holds a log-probability that is none")
    return float(value)


def _is_logarithm(value: float) -> bool:
    """Of a probability: finite and at most 0, but for rounding. (-1e9 and less could only overflow the sum.)"""
    return -1e9 < value < 1e-3


def _is_top(value: float, top: Any) -> bool:
    """Whether no other token at this place is more likely. `top` is the server's {token: log-probability}."""
    others = [v for v in top.values() if isinstance(v, (int, float))] if isinstance(top, dict) else []
    return bool(others) and value >= max(others)
