"""What was asked otherwise: of two requests, everything that may have changed the answer, the earliest first."""

from collections.abc import Iterator
from typing import Any

from sinan.causes.side import Answer, Reason, Side, apart, data_differ
from sinan.types import Form
from sinan.types.message import prompt_text

STOPPING = ("stop", "max_tokens")
"""Of sampling: what ends an answer rather than draws it."""


def asked_otherwise(a: Side, b: Side, x: Answer, y: Answer) -> list[Reason]:
    """Every difference of the two requests; none where the model was asked the very same thing."""
    reasons = [*_data(a, b, x, y), *_model(a, b), *_prompt(a, b, x, y), *_template(a, b, x, y)]
    if not _same_prompt(x, y) and not {r.cause for r in reasons} - {"model"}:
        reasons.append(_unaccounted(a, b, x, y))
    return [*reasons, *_tokens(x, y, reasons), *_sampling(a, b, x, y)]


def _data(a: Side, b: Side, x: Answer, y: Answer) -> Iterator[Reason]:
    """Another question under the same id."""
    if x.question and y.question:
        one, other = x.question.sample, y.question.sample
        if one.question != other.question:
            yield Reason("data", "question: {} | {}".format(*apart(one.question, other.question)))
        elif (one.choices, one.images) != (other.choices, other.images):
            yield Reason("data", "the options or pictures of the question differ")
    elif not _same_prompt(x, y) and data_differ(a, b):
        yield Reason("data", "the files that the questions were read from differ")


def _same_prompt(x: Answer, y: Answer) -> bool:
    """Whether the model read the same, as far as prompts tell."""
    one, other = x.row["prompt"], y.row["prompt"]
    return bool(x.row["prompt_hash"] == y.row["prompt_hash"] or _uncut(one) == _uncut(other))


def _uncut(prompt: Any) -> Any:
    """A stored prompt without the word that its beginning may be cut off: one that fits is read whole either way, and
    one that does not is answered only where it may."""
    if not isinstance(prompt, dict) or "cut" not in prompt:
        return prompt
    rest = {key: value for key, value in prompt.items() if key != "cut"}
    return rest["text"] if rest.keys() == {"text"} else rest


def _model(a: Side, b: Side) -> Iterator[Reason]:
    if a.model != b.model:
        yield Reason("model", f"{a.model} | {b.model}")
        return
    for key in sorted(a.identity.keys() | b.identity.keys()):
        one, other = a.identity.get(key), b.identity.get(key)
        if one != other and not _of_template(key):
            yield Reason("model", "{}: {} | {}".format(key, *apart(str(one), str(other), 32)))


def _of_template(key: str) -> bool:
    return "template" in key


def _prompt(a: Side, b: Side, x: Answer, y: Answer) -> Iterator[Reason]:
    """Worked examples and wording, as far as they can be told apart."""
    if _same_prompt(x, y):
        return
    shots = list(x.row["shots"]), list(y.row["shots"])
    if (wording := _wording(a, b, x, y)) is not None:
        yield Reason("prompt", wording)
    if shots[0] != shots[1]:
        yield Reason("few-shot", _shots(*shots))


def _shots(a: list[str], b: list[str]) -> str:
    if len(a) != len(b):
        return f"{len(a)} examples | {len(b)} examples"
    if sorted(a) == sorted(b):
        return "the same examples in another order"
    return f"{len(set(a) - set(b))} of {len(a)} examples are others"


def _wording(a: Side, b: Side, x: Answer, y: Answer) -> str | None:
    """How the wording differs, examples and form aside; None where it does not, or where nothing shows it."""
    for name in ("system", "prefill"):
        given = getattr(a.spec, name), getattr(b.spec, name)
        if given[0] != given[1]:
            return "{}: {} | {}".format(name, *apart(_word(given[0]), _word(given[1])))
    told = a.told("prompt"), b.told("prompt")
    if told[0] is not None and told[0] == told[1]:
        return None
    alone = _asked_alone(a, b, x)
    if alone is None:
        return _own_parts(x.row["prompt"], y.row["prompt"])
    return next(("{} | {}".format(*apart(one, other)) for one, other in alone if one != other), None)


def _asked_alone(a: Side, b: Side, x: Answer) -> list[tuple[str, str]] | None:
    """The same sample as both runs ask it, without examples and in one form, once for each form that was used."""
    if a.asked is None or b.asked is None or x.question is None:
        return None
    forms: list[Form] = list(dict.fromkeys((a.asked.model.form, b.asked.model.form)))
    try:
        return [
            (
                prompt_text(_uncut(a.asked.protocol.prompt(x.question.sample, form, ()).to_json())),
                prompt_text(_uncut(b.asked.protocol.prompt(x.question.sample, form, ()).to_json())),
            )
            for form in forms
        ]
    except Exception:  # of somebody's own builder, which was not made for this form
        return None


def _own_parts(a: Any, b: Any) -> str | None:
    """Where nothing can be built: what stands before the examples and after them. Of a text that is its last
    paragraph."""
    if _is_messages(a) != _is_messages(b):
        return None
    one, other = _own(a), _own(b)
    return None if one == other else "{} | {}".format(*apart(one, other))


def _own(prompt: Any) -> str:
    prompt = _uncut(prompt)
    if isinstance(prompt, dict):
        return _own(prompt["text"]) + str(sorted((k, str(v)) for k, v in prompt.items() if k != "text"))
    if isinstance(prompt, str):
        return prompt.rpartition("\n\n")[2]
    return prompt_text([turn for turn in prompt[:-1] if turn["role"] == "system"] + prompt[-1:])


def _template(a: Side, b: Side, x: Answer, y: Answer) -> Iterator[Reason]:
    forms = _is_messages(x.row["prompt"]), _is_messages(y.row["prompt"])
    if forms[0] != forms[1]:
        names = {True: "messages", False: "text"}
        yield Reason("template", f"{names[forms[0]]} | {names[forms[1]]}")
    elif a.model == b.model:
        keys = [k for k in a.identity.keys() | b.identity.keys() if _of_template(k)]
        for key in sorted(k for k in keys if a.identity.get(k) != b.identity.get(k)):
            shown = apart(str(a.identity.get(key)), str(b.identity.get(key)), 32)
            yield Reason("template", "{}: {} | {}".format(key, *shown))


def _is_messages(prompt: Any) -> bool:
    return isinstance(prompt["text"] if isinstance(prompt, dict) else prompt, list)


def _unaccounted(a: Side, b: Side, x: Answer, y: Answer) -> Reason:
    """Prompts that differ although examples, builder and form are the same."""
    if a.spec.seed != b.spec.seed and not a.fingerprint and not (x.question and y.question):
        return Reason("data", f"generated from seed {a.spec.seed} | {b.spec.seed}")
    return Reason("prompt", "{} | {}".format(*apart(prompt_text(x.row["prompt"]), prompt_text(y.row["prompt"]))))


def _tokens(x: Answer, y: Answer, before: list[Reason]) -> Iterator[Reason]:
    """The same text for the same model, and other tokens."""
    if not _same_prompt(x, y) or {r.cause for r in before} & {"model", "template"}:
        return
    ids = x.row["prompt_ids"], y.row["prompt_ids"]
    counts = [[one.tokens for one in answer.completion.loglikelihoods] for answer in (x, y)]
    if all(ids) and ids[0] != ids[1]:
        yield Reason("tokens", f"token ids {ids[0]} | {ids[1]}{_apart_by(x, y)}")
    elif counts[0] != counts[1]:
        yield Reason("tokens", f"tokens of the continuations {counts[0]} | {counts[1]}{_apart_by(x, y)}")
    elif not all(ids) and _furthest(x, y) > 1e-3:  # arithmetic alone does not move a sum so far
        yield Reason("tokens", f"token ids are not stored{_apart_by(x, y)}")


def numeric(x: Answer, y: Answer) -> str:
    """How far the same request's log-likelihoods lie apart; empty for words."""
    return f"the same request{_apart_by(x, y)}" if x.compares and y.compares else ""


def _apart_by(x: Answer, y: Answer) -> str:
    return f"; log-likelihoods differ by at most {_furthest(x, y):.3g}" if x.compares and y.compares else ""


def _furthest(x: Answer, y: Answer) -> float:
    pairs = zip(x.completion.loglikelihoods, y.completion.loglikelihoods, strict=False)
    return max((abs(one.value - other.value) for one, other in pairs), default=0.0)


def _sampling(a: Side, b: Side, x: Answer, y: Answer) -> Iterator[Reason]:
    if x.compares or y.compares:  # nothing was drawn
        return
    for key in sorted(a.sampling.keys() | b.sampling.keys()):
        if key not in STOPPING and a.sampling.get(key) != b.sampling.get(key):
            yield Reason("sampling", f"{key}: {_word(a.sampling.get(key))} | {_word(b.sampling.get(key))}")
    if a.spec.seed != b.spec.seed and a.sampling.get("temperature") != 0 and "seed" not in a.sampling:
        yield Reason("sampling", f"drawn from seed {a.spec.seed} | {b.spec.seed}")


def _word(value: Any) -> str:
    return "not set" if value is None else str(value)
