"""From a prompt and its sampling to what the generation is asked: ids, limits, and how tokens are chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sinan.errors import Unsupported
from sinan.models.local.torch_folder import read_json
from sinan.models.local.torch_rows import Ask
from sinan.models.local.torch_sampling import KNOWN, How
from sinan.models.local.torch_tokens import Tokens
from sinan.types import Prompt, Sampling

POSITIONS = ("n_positions", "max_position_embeddings", "n_ctx")  # in the order in which lm-evaluation-harness looks
UNKNOWN = 2048  # tokens, where nothing tells how many a model reads


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the model's own files say of its generation."""

    ends: frozenset[int]
    """Ids that end a text."""
    temperature: float = 0.0
    """Where the request leaves it open."""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, generation: Any, config: Any, tokenizer: Any) -> "Defaults":
        """From what generation_config.json and config.json say, as attributes, from the tokenizer and from the chat
        template's end of a turn."""
        ends = {tokenizer.eos_token_id, _end_of_turn(tokenizer)}
        for source in (generation, config):
            own = getattr(source, "eos_token_id", None)
            ends |= set(own) if isinstance(own, list | tuple) else {own}
        parameters = {name: getattr(generation, name) for name in KNOWN if getattr(generation, name, None) is not None}
        warm = getattr(generation, "temperature", None)
        temperature = float(1.0 if warm is None else warm) if getattr(generation, "do_sample", False) else 0.0
        return cls(frozenset(end for end in ends if isinstance(end, int)), temperature, parameters)


def ask(tokens: Tokens, defaults: Defaults, prompt: Prompt, sampling: Sampling, limit: int) -> Ask:
    """What is asked for one prompt. `limit`: tokens of the answer where the request does not say.

    Raises RequestRejected where the prompt does not fit, Unsupported where a parameter is none that is known here.
    """
    wanted = limit if sampling.max_tokens is None else sampling.max_tokens
    ids, room = tokens.reader.with_room(tokens.text(prompt, sampling), wanted, prompt.cut)
    return Ask(
        ids=ids,
        max_tokens=room,
        stop=tuple(stop for stop in sampling.stop if stop),
        how=_how(tokens.name, defaults, sampling),
        think_end=sampling.think_end or None,
        thinking=sampling.thinking_tokens or None,
        end_ids=tokens.encode([sampling.think_end], False)[0] if sampling.think_end else (),
    )


def longest(folder: Path, tokenizer: Any) -> int:
    """Tokens that a model reads at most, as its config.json or its tokenizer says."""
    raw = read_json(folder / "config.json")
    config = raw.get("text_config") or raw
    for name in POSITIONS:
        if isinstance(config.get(name), int):
            return int(config[name])
    told = getattr(tokenizer, "model_max_length", None)
    return int(told) if isinstance(told, int) and told < 10**9 else UNKNOWN


def _how(name: str, defaults: Defaults, sampling: Sampling) -> How:
    unknown = [key for key in sampling.extra if key not in KNOWN]
    if unknown:
        raise Unsupported(f"{name}: unknown parameter {unknown[0]}. Known: {', '.join(KNOWN)}.")
    if sampling.schema is not None:
        raise Unsupported(f"{name} cannot be held to a JSON schema")
    own = dict(defaults.parameters)
    if sampling.top_p is not None:
        own["top_p"] = sampling.top_p
    temperature = defaults.temperature if sampling.temperature is None else sampling.temperature
    return How(temperature, own | dict(sampling.extra), sampling.seed)


def _end_of_turn(tokenizer: Any) -> int | None:
    """The special token that the chat template writes right behind an answer."""
    said = [{"role": "user", "content": "sinan-q"}, {"role": "assistant", "content": "sinan-a"}]
    try:
        text = tokenizer.apply_chat_template(said, tokenize=False)
        after = text[text.rindex("sinan-a") + len("sinan-a") :]
        first = tokenizer.encode(after, add_special_tokens=False)[0]
    except Exception:  # no template, or one that wants other messages
        return None
    return int(first) if first in tokenizer.all_special_ids else None
