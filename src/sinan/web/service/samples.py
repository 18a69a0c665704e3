"""A sample as a document: a line of a list, or whole, with what was asked, answered, read and why it counts so."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import Path
from pydantic import computed_field

from sinan.errors import StoreError
from sinan.types import Outcome
from sinan.web.service.numbers import Told, finite

RunName = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[^\x00/]+$", description="A run's id")]
OUTCOMES = [one.value for one in Outcome]
MARKS = {"correct": "=", "wrong": "×", "failed": "!", "measured": "#", "collected": "·"}
"""Signs beside the words."""


class Line(Told):
    """A sample in a list."""

    row: int
    """Its place in the run."""
    benchmark: str
    model: str
    id: str
    draw: int
    group: str
    outcome: str
    answer: str | None
    """What was read; None: nothing."""
    target: str
    score: float | None
    scores: dict[str, Any]
    tokens_in: int | None
    tokens_out: int | None
    latency_s: float | None
    cost_usd: float | None
    attempts: int
    ending: str
    """The end of its answer; of one that failed, why."""

    @property
    def mark(self) -> str:
        """A sign for its outcome."""
        return MARKS.get(self.outcome, "?")


class Part(Told):
    """A stretch of text, or a picture."""

    text: str | None = None
    picture: str | None = None
    """Its sha256."""


class Call(Told):
    """A call of a tool."""

    name: str
    arguments: str


class Turn(Told):
    """A message, as it was sent."""

    role: str
    parts: list[Part]
    calls: list[Call]


class Likelihood(Told):
    """A continuation, and how likely the model found it."""

    text: str
    value: float | None
    tokens: int | None
    greedy: bool
    """Whether the model would have written it by itself."""


class Reading(Told):
    """What one way of reading found in the answer, and where."""

    name: str
    answer: str | None
    rule: str
    begin: int | None
    end: int | None
    sure: bool


class Sample(Line):
    """A sample whole."""

    prompt: list[Turn]
    """One turn without a role where the model continues a text."""
    further_turns: list[Turn]
    more: dict[str, Any]
    """What else was asked: `contexts`, `rolling`, `tools`, `cut`."""
    prompt_hash: str
    prompt_ids: str
    shots: list[str]
    reasoning: str
    completion: str | None
    turns: list[str]
    calls: list[Call]
    likelihoods: list[Likelihood]
    finish_reason: str | None
    golds: list[str]
    """Other answers that would do."""
    explanation: str
    readings: list[Reading]
    evidence: dict[str, Any]
    judging: dict[str, Any]
    judged: bool
    cached: bool
    metadata: dict[str, Any]
    unit: str
    cluster: str
    position: int | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def span(self) -> tuple[int, int] | None:
        """The stretch of the answer that was read: its first character, and the one behind its last."""
        found = next(((one.begin, one.end) for one in self.readings if one.begin is not None), None)
        length = len(self.completion or "")
        if found is None or found[0] is None or found[1] is None or not 0 <= found[0] < found[1] <= length:
            return None
        return found[0], found[1]


def line(row: Mapping[str, Any]) -> Line:
    """A row of a list."""
    scores = row.get("scores")
    shown = orjson.loads(scores) if isinstance(scores, str) and scores else scores
    return Line(**_of_line(row, shown), ending=_text(row.get("failure") or row.get("ending")))


def _of_line(row: Mapping[str, Any], scores: Any) -> dict[str, Any]:
    return {
        "row": row["row"],
        "benchmark": row["benchmark"],
        "model": row["model"],
        "id": row["sample_id"],
        "draw": row.get("draw") or 0,
        "group": _text(row.get("group")),
        "outcome": row["outcome"],
        "answer": row.get("answer"),
        "target": _text(row.get("target")),
        "score": finite(row.get("score")),
        "scores": scores if isinstance(scores, dict) else {},
        "tokens_in": row.get("tokens_in"),
        "tokens_out": row.get("tokens_out"),
        "latency_s": finite(row.get("latency_s")),
        "cost_usd": finite(row.get("cost_usd")),
        "attempts": row.get("attempts") or 1,
    }


def whole(record: Mapping[str, Any]) -> Sample:
    """Everything about one draw of one sample. Raises StoreError where it is damaged."""
    try:
        return _whole(record)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise StoreError(f"sample {record.get('sample_id')} is damaged: {str(error).splitlines()[0]}") from None


def _whole(record: Mapping[str, Any]) -> Sample:
    prompt = record["prompt"]
    asked, more = (prompt.get("text", ""), {**prompt}) if isinstance(prompt, dict) else (prompt, {})
    more.pop("text", None)
    continuations, further = more.pop("continuations", []), more.pop("turns", [])
    metadata = _dict(record["metadata"])
    completion = record["completion"]
    return Sample(
        **_of_line(record, record["scores"]),
        ending=_text(completion)[-400:] if record["outcome"] != "failed" else _text(record["explanation"]),
        prompt=_turns(asked),
        further_turns=_turns(further) if further else [],
        more=more,
        prompt_hash=_text(record["prompt_hash"]),
        prompt_ids=_text(record["prompt_ids"]),
        shots=list(map(str, record["shots"] or ())),
        reasoning=_text(record["reasoning"]),
        completion=completion,
        turns=list(map(str, record["turns"] or ())),
        calls=_calls(record["tool_calls"]),
        likelihoods=_likelihoods(record["loglikelihoods"], continuations),
        finish_reason=record["finish_reason"],
        golds=_golds(metadata, record["target"]),
        explanation=_text(record["explanation"]),
        readings=[_reading(one) for one in record["readings"] or () if isinstance(one, dict)],
        evidence=_dict(record["evidence"]),
        judging=_dict(record["judging"]),
        judged=bool(record["judged"]),
        cached=bool(record["cached"]),
        metadata=metadata,
        unit=_text(record["unit"]),
        cluster=_text(record["cluster"]),
        position=record["position"],
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _golds(metadata: Mapping[str, Any], target: Any) -> list[str]:
    golds = metadata.get("golds")
    return [str(gold) for gold in golds if gold != target] if isinstance(golds, list) else []


def _turns(asked: Any) -> list[Turn]:
    if isinstance(asked, str):
        return [Turn(role="", parts=[Part(text=asked)], calls=[])] if asked else []
    return [_turn(one) for one in asked if isinstance(one, dict)]


def _turn(message: Mapping[str, Any]) -> Turn:
    content = message.get("content") or ""
    parts = [Part(text=content)] if isinstance(content, str) else [_part(one) for one in content]
    return Turn(role=_text(message.get("role")), parts=parts, calls=_calls(message.get("tool_calls")))


def _part(part: Mapping[str, Any]) -> Part:
    if part.get("type") == "text":
        return Part(text=_text(part.get("text")))
    return Part(picture=_text(part.get("sha256")))


def _calls(calls: Any) -> list[Call]:
    return [
        Call(name=_text(c.get("name")), arguments=_text(c.get("arguments"))) for c in calls or () if isinstance(c, dict)
    ]


def _likelihoods(found: Sequence[Any], texts: Sequence[Any]) -> list[Likelihood]:
    shown = [*map(str, texts), *[""] * len(found or ())]
    return [
        Likelihood(text=text, value=finite(value), tokens=tokens, greedy=bool(greedy))
        for (value, tokens, greedy), text in zip(found or (), shown, strict=False)
    ]


def _reading(reading: Mapping[str, Any]) -> Reading:
    span = reading.get("span") or (None, None)
    return Reading(
        name=_text(reading.get("name")),
        answer=reading.get("answer"),
        rule=_text(reading.get("rule")),
        begin=span[0],
        end=span[1],
        sure=bool(reading.get("sure", True)),
    )
