"""Lines of the journal: short, whole again when read, and read alike whether an earlier version wrote them or this."""

import asyncio
import os

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinan.store import DiskJournal, frames, journal
from sinan.store.folder import RunFolder
from sinan.store.record import DEFAULTS, REQUIRED, decode, encode
from sinan.types import (
    Completion,
    LogLikelihood,
    Message,
    Outcome,
    Prompt,
    Question,
    Sample,
    SampleResult,
    Score,
    ToolCall,
    Usage,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
COUNT = st.none() | st.integers(0, 2**40)


def written_before(result):
    """A line as version 0.1.0 wrote it: every column, and none that says whether the answer is from a cache."""
    sample, prompt, score, completion = result.question.sample, result.question.prompt, result.score, result.completion
    answer = dict.fromkeys(("completion", "reasoning", "finish_reason", "tokens_in", "tokens_out", "latency_s"))
    answer |= {"tool_calls": [], "loglikelihoods": []}
    if completion:
        answer = {
            "completion": completion.text,
            "reasoning": completion.reasoning,
            "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in completion.tool_calls],
            "loglikelihoods": [[x.value, x.tokens, x.greedy] for x in completion.loglikelihoods],
            "finish_reason": completion.finish_reason,
            "tokens_in": completion.usage.tokens_in,
            "tokens_out": completion.usage.tokens_out,
            "latency_s": round(completion.latency_s, 6),
        }
    record = {
        "benchmark": result.benchmark,
        "model": result.model,
        "sample_id": sample.id,
        "draw": result.question.draw,
        "group": sample.group,
        "prompt": prompt.to_json(),
        "prompt_hash": prompt.hash,
        **answer,
        "answer": score.answer,
        "target": sample.target,
        "score": score.value,
        "outcome": score.outcome.value,
        "explanation": score.explanation,
        "attempts": result.attempts,
        "cost_usd": None,
        "metadata": dict(sample.metadata),
    }
    return orjson.dumps(record) + b"\n"


COMPLETIONS = st.builds(
    Completion,
    TEXT,
    st.sampled_from(["stop", "length", "refusal", "tool_calls"]),
    st.builds(Usage, COUNT, COUNT),
    TEXT,
    st.lists(st.builds(ToolCall, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(st.builds(LogLikelihood, st.floats(-99, 0), st.integers(1, 9), st.booleans()), max_size=2).map(tuple),
    st.floats(0, 1e4),
)
SCORES = st.builds(Score, st.none() | st.floats(0, 1), st.sampled_from(Outcome), st.none() | TEXT, TEXT)
PROMPTS = st.builds(lambda t: Prompt(messages=(Message("user", t),)), TEXT) | st.builds(
    lambda t, c: Prompt(text=t, continuations=tuple(c)), TEXT, st.lists(TEXT, max_size=2)
)


@st.composite
def results(draw):
    metadata = draw(st.dictionaries(TEXT, TEXT | st.booleans() | st.integers(0, 9), max_size=2))
    sample = Sample(draw(TEXT), "q", draw(TEXT), group=draw(TEXT), metadata=metadata)
    question = Question(sample, draw(PROMPTS), draw(st.integers(0, 2)))
    completion = draw(st.none() | COMPLETIONS)
    score = draw(SCORES) if completion else Score(None, Outcome.FAILED, None, draw(TEXT))
    return SampleResult("toy", "fake/one", question, completion, score, draw(st.integers(1, 3)))


@given(results())
def test_a_line_reads_as_the_one_written_before(result):
    old = written_before(result)
    assert decode(encode(result)) == decode(old)
    new = {"scores": {}, "shots": [], "unit": "", "unit_size": 1, "position": None, "turns": [], "prompt_ids": ""}
    new |= {"cluster": ""}
    new |= {"readings": [], "evidence": {}, "judging": {}, "judged": True}
    assert decode(old) == orjson.loads(old) | {"cached": False} | new
    assert len(encode(result)) < len(old)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(results(), min_size=1, max_size=4, unique_by=lambda r: (r.question.sample.id, r.question.draw)))
def test_samples_are_the_same_from_old_lines_new_lines_and_records(tmp_path_factory, results):
    pages = []
    for form in (written_before, encode):
        folder = RunFolder(tmp_path_factory.mktemp("run"))
        folder.journal.write_bytes(b"".join(map(form, results)))
        unwritten = frames.page(folder, {}, 10)
        frames.write_samples(folder, repeated=form is encode)
        assert frames.page(folder, {}, 10) == unwritten
        described = [frames._row(folder.id, record) for record in journal.read(folder.journal)]
        assert [plain(row) for row in described] == [plain(row) for row in unwritten[0]]
        pages.append([row | {"run": ""} for row in unwritten[0]])
    assert pages[0] == pages[1] and len(pages[0]) == len(results)


def plain(row):
    """Numbers in JSON may be written differently; they are the same."""
    return row | {name: orjson.loads(row[name]) for name in ("prompt", "metadata", "loglikelihoods", "tool_calls")}


def test_a_run_that_an_earlier_version_began_is_gone_on_with(tmp_path):
    folder = RunFolder(tmp_path)
    folder.journal.write_bytes(written_before(kilobyte(0)) + written_before(kilobyte(1)))
    disk = DiskJournal(folder.journal)
    disk.append(kilobyte(2))
    asyncio.run(disk.commit())
    disk.close()
    assert [r["sample_id"] for r in journal.read_final(folder.journal)] == ["row-0", "row-1", "row-2"]
    assert all(record.keys() == REQUIRED | DEFAULTS.keys() for record in journal.read(folder.journal))


def kilobyte(number):
    sample = Sample(f"row-{number}", "q", "42")
    prompt = Prompt(messages=(Message("user", "What came of it? " * 34 + "\nEnd with a line `ANSWER: X`."),))
    completion = Completion("So it goes on. " * 27 + "\nANSWER: 42", "stop", Usage(170, 120), latency_s=1.234567)
    return SampleResult(
        "questions", "openai/mock", Question(sample, prompt), completion, Score(1.0, Outcome.CORRECT, "42", "marked")
    )


def test_a_line_is_hardly_longer_than_what_it_holds():
    result = kilobyte(123456)
    sample, score = result.question.sample, result.score
    texts = [result.question.prompt.messages[0].content, result.completion.text, result.benchmark, result.model]
    texts += [sample.id, sample.target, score.answer, score.outcome, score.explanation]
    content = sum(len(text.encode()) for text in texts)
    assert 1000 < content < 1100
    assert len(encode(result)) <= 1.3 * content


def test_an_answer_from_the_cache_says_so():
    result = kilobyte(0)
    cached = Completion("x", "stop", cached=True)
    record = decode(encode(SampleResult("toy", "m", result.question, cached, result.score)))
    assert record["cached"] is True and record["latency_s"] == 0.0


def test_a_hash_that_is_known_is_not_computed_again():
    result = kilobyte(0)
    known = Question(result.question.sample, result.question.prompt, prompt_hash="f" * 64)
    assert decode(encode(SampleResult("toy", "m", known, None, result.score)))["prompt_hash"] == "f" * 64


WHOLE = orjson.loads(encode(kilobyte(0)))


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_line_without_what_every_line_has_is_no_record(name):
    assert decode(orjson.dumps({k: v for k, v in WHOLE.items() if k != name})) is None


@pytest.mark.parametrize(
    "change",
    [{"outcome": []}, {"outcome": "fine"}, {"draw": "0"}, {"score": "1"}, {"group": None}, {"sample_id": 3}],
)
def test_a_line_whose_columns_have_other_types_is_no_record(change):
    assert decode(orjson.dumps(WHOLE)) is not None
    assert decode(orjson.dumps(WHOLE | change)) is None


def test_records_are_fresh_each_time():
    one = decode(orjson.dumps(WHOLE))
    one["metadata"]["x"] = one["tool_calls"].append(1)
    assert decode(orjson.dumps(WHOLE))["metadata"] == {} and decode(orjson.dumps(WHOLE))["tool_calls"] == []


def test_only_whole_lines_count(tmp_path):
    path = tmp_path / "journal.jsonl"
    assert journal.extent(path) == (0, 0)
    path.write_bytes(b"")
    assert journal.extent(path) == (0, 0)
    path.write_bytes(b"a\nbcd\n" + os.urandom(3).replace(b"\n", b"x"))
    assert journal.extent(path) == (2, 4)
