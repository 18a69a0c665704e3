"""Prompts as a model reads them, with where each worked example begins. Nothing is asked of any model.

spec -> benchmarks, models -> the first questions of each cell -> the model's own rendering, or the request
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan import asked
from sinan.engine import Done, plan
from sinan.models.written import written
from sinan.types import Cell, Message, Model, Prompt, PromptBuilder, Question, Rendered, Renders, RunSpec, Sample

LONGEST = 200
"""Characters of a picture's bytes that are shown of a request."""


@dataclass(frozen=True)
class Example:
    """Where a worked example begins in a prompt, or, without an id, the question itself."""

    id: str
    message: int | None
    """Which message of a chat; None in a text."""
    offset: int
    """Characters before it in the text or message; 0 where a message is all of it."""


@dataclass(frozen=True)
class Shown:
    """One question, as it would be asked."""

    cell: Cell
    protocol: str
    question: Question
    rendered: Rendered
    request: str
    """Where the text is the body of a request, its path; empty where it is what the model reads."""
    begins: tuple[Example, ...]
    """The examples and the question; empty where they cannot be told apart."""

    def places(self) -> list[tuple[int, str]]:
        """Where examples and the question begin in the rendered text, with their ids; none where it is a request."""
        text, prompt = self.rendered.text, self.question.prompt
        if self.request:
            return []
        starts: dict[int | None, int] = {None: text.find(prompt.text) if prompt.text else -1}
        at = 0
        for number, message in enumerate(prompt.messages):
            content = message.content.strip() if isinstance(message.content, str) else ""
            found = text.find(content, at) if content else -1
            starts[number] = found
            at = found + len(content) if found >= 0 else at
        told = [(starts.get(one.message, -1), one) for one in self.begins]
        return [(start + one.offset, one.id) for start, one in told if start >= 0]

    def to_json(self) -> dict[str, Any]:
        """An entry of `sinan show --prompt --json`."""
        prompt, sample = self.question.prompt, self.question.sample
        return {
            "benchmark": self.cell.benchmark,
            "protocol": self.protocol,
            "model": self.cell.model.name,
            "form": self.cell.model.form,
            "sample_id": sample.id,
            "target": sample.target,
            "text": self.rendered.text,
            "request": self.request or None,
            "ids": list(self.rendered.ids),
            "pieces": list(self.rendered.pieces),
            "notes": list(self.rendered.notes),
            "prompt": prompt.to_json(),
            "prompt_hash": self.question.prompt_hash,
            "shots": list(self.question.shots),
            "begins": [{"id": one.id, "message": one.message, "offset": one.offset} for one in self.begins],
            "continuations": list(prompt.continuations),
            "sampling": self.cell.sampling.to_json(),
        }


async def shown(spec: RunSpec, sample_id: str | None = None, timeout: float = 600.0) -> list[Shown]:
    """The first question of every cell of `spec` (or as many as its limit), or the one of that id.

    Data are fetched where they are not at hand. Raises UsageError as a run would before its first request, and where a
    prompt's beginning-of-text token is missing or doubled.
    """
    spec, benchmarks, models = asked.looked_up(spec, timeout)
    await asked.fetched(benchmarks, spec, models)
    found = []
    for benchmark in benchmarks:
        name, protocol = plan.protocol_name(benchmark, spec), plan.protocol(benchmark, spec)
        wide = replace(spec, limit=None) if sample_id is not None else replace(spec, limit=spec.limit or 1)
        for model in models:
            cell = plan.cell(benchmark, protocol, model, wide, Done())
            for (subset, sample), question in zip(plan.samples(benchmark, wide), cell.questions, strict=False):
                if sample_id is not None and sample.id != sample_id:
                    continue
                rendered, request = await _rendered(model, question.prompt, cell)
                examples = plan.shots(benchmark, protocol, spec.seed, subset, sample)
                places = begins(protocol.prompt, sample, model.form, examples)
                found.append(Shown(cell, name, question, rendered, request, places))
                if sample_id is not None:
                    break
    return found


async def _rendered(model: Model, prompt: Prompt, cell: Cell) -> tuple[Rendered, str]:
    """By the model itself, or the request that it would be sent, with its path; else what the model is handed."""
    if isinstance(model, Renders):
        return model.render(prompt), ""
    request = await written(model, prompt, cell.sampling, cell.protocol.solver.needs)
    if request is None:
        messages = [message.to_json() for message in prompt.messages]
        text = prompt.text or json.dumps(messages, ensure_ascii=False, indent=2)
        return Rendered(text, notes=(f"{model.name} cannot show the tokens that it reads",)), ""
    path, body = request
    what = f"the body of POST {path}" if path.startswith("/") else f"the arguments of {path}"
    notes = [f"{what}; the server makes tokens of it, and adds its template's own"]
    if len(prompt.continuations) > 1:
        notes.append(f"the first of {len(prompt.continuations)} requests, one for each continuation")
    if prompt.turns:
        notes.append(f"the first of {1 + len(prompt.turns)} requests, one for each turn")
    return Rendered(json.dumps(_shortened(body), ensure_ascii=False, indent=2), notes=tuple(notes)), path


def _shortened(value: Any) -> Any:
    """Without the bytes of pictures."""
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(one) for one in value]
    if isinstance(value, str) and len(value) > LONGEST and " " not in value and "\n" not in value:
        return f"{value[:40]}... ({len(value):,} characters)"
    return value


def begins(builder: PromptBuilder, sample: Sample, form: Any, shots: Sequence[Sample]) -> tuple[Example, ...]:
    """Found by building the prompt with none, one, two... of the examples: each makes it longer by itself."""
    if not shots:
        return ()
    built = [builder(sample, form, shots[:count]) for count in range(len(shots) + 1)]
    ids = [*(shot.id for shot in shots), ""]
    if not built[0].messages:
        return _in_text([prompt.text for prompt in built], ids, None)
    counts = [len(prompt.messages) for prompt in built]
    if counts[1] > counts[0]:
        first = counts[0] - _same_end(built[0].messages, built[1].messages)
        return tuple(Example(i, first + count - counts[0], 0) for i, count in zip(ids, counts, strict=True))
    differing = [n for n in range(counts[0]) if built[0].messages[n] != built[-1].messages[n]]
    if len(differing) != 1:
        return ()
    return _in_text([_content(prompt.messages[differing[0]]) for prompt in built], ids, differing[0])


def _in_text(texts: Sequence[str], ids: Sequence[str], message: int | None) -> tuple[Example, ...]:
    """What stands before the examples is both a beginning and, with the question cut off, all of the first text."""
    none, one = texts[0], texts[1]
    least, most = len(none) - _same_end(none, one), _same_end(none[::-1], one[::-1])
    if len(one) <= len(none) or least > most:
        return ()
    likely = (at for at in range(least, most + 1) if at == 0 or none[:at].endswith("\n\n"))
    start = next(likely, least)
    return tuple(Example(i, message, start + len(t) - len(none)) for i, t in zip(ids, texts, strict=True))


def _same_end(one: Sequence[Any], other: Sequence[Any]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count


def _content(message: Message) -> str:
    content = message.content
    return content if isinstance(content, str) else ""
