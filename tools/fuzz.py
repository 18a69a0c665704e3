"""Feed every scorer that reads text with what no model would write, and watch for an error or a stretch of time.

    python tools/fuzz.py [SECONDS] [SCORER ...]

Needs atheris, which is not among the project's extras. Inputs are grown by what of the scorers' code they reach; a
scorer that raises, gives a span outside of the text, or takes more than `DEADLINE` seconds of the processor ends the
run with the text that did it. Scorers that work in processes of their own, or ask models, are left out.
"""

import math
import sys
import time

import atheris

with atheris.instrument_imports(include=["sinan.scoring"]):
    from sinan.scoring import by_name, names

    SCORERS = {name: by_name(name) for name in names()}  # a scorer's file is loaded, and followed, when it is named
    from sinan.types import Blocking, Completion, Judging, Outcome, Sample

DEADLINE = 2.0
LONGEST = 20_000
SAMPLES = (
    Sample("number", "How many millions?", "18", metadata={"answer_type": "float", "precision": 1}),
    Sample("choice", "Which city?", "B", ("Paris", "London", "New York", "$\\frac{1}{2}$", "18")),
    Sample("text", "谁？", "李白"),
    Sample("yes", "Is it?", "yes"),
)
PIECES = (
    *(
        "ANSWER: ",
        "The answer is ",
        "答案是",
        "故选",
        "\\boxed{",
        "}",
        "####",
        "<answer>",
        "</answer>",
        '{"answer": "',
        '"}',
    ),
    *(
        "(A)",
        "B.",
        "**",
        "not ",
        " or ",
        " and ",
        "wait, ",
        "no, it is ",
        "if the ",
        "不",
        "London",
        "New York",
        "\n",
        " ",
    ),
    *(
        "1,234",
        "3.5e7",
        "1/2",
        "½",
        "\\frac{1}{2}",
        "10^",
        "万",
        "三百二十",
        "百分之",
        "点",
        "负",
        "%",
        "$",
        "-",
        "=",
        "１",
        "٣",
    ),
    *("\\sqrt{", "\\text{", "π", "<think>", "</think>", "\ud800", "\u200b", "Ⓑ", "yes", "No", "12:30", "2024-01-01"),
)


def text(data: "atheris.FuzzedDataProvider") -> str:
    """Pieces that scorers look for, between anything at all; now and then some of it over and over."""
    parts = []
    for _ in range(data.ConsumeIntInRange(0, 24)):
        if data.ConsumeBool():
            parts.append(PIECES[data.ConsumeIntInRange(0, len(PIECES) - 1)])
        else:
            parts.append(data.ConsumeUnicode(data.ConsumeIntInRange(0, 12)))
    if parts and data.ConsumeIntInRange(0, 31) == 31:
        place, times = data.ConsumeIntInRange(0, len(parts) - 1), data.ConsumeIntInRange(1, 2_000)
        parts[place] = ("".join(parts[place : place + 2]) * times)[:LONGEST]
    return "".join(parts)[:LONGEST]


def judged(scorers: list[tuple[str, object]], raw: bytes) -> None:
    """One text, by every scorer."""
    data = atheris.FuzzedDataProvider(raw)
    reason = ("stop", "length", "refusal")[data.ConsumeIntInRange(0, 2)]
    sample = SAMPLES[data.ConsumeIntInRange(0, len(SAMPLES) - 1)]
    completion = Completion(text(data), reason)
    for name, scorer in scorers:
        began = time.process_time()
        score = scorer(sample, completion)
        spent = time.process_time() - began
        assert spent < DEADLINE, f"{name} took {spent:.2f} s for {len(completion.text)} characters"
        most = math.inf if score.outcome is Outcome.MEASURED else 1  # an error rate has no upper end
        assert score.outcome in Outcome and (score.value is None or 0 <= score.value <= most), f"{name}: {score}"
        for reading in score.readings:
            start, end = reading.span or (0, 0)
            assert 0 <= start <= end <= len(completion.text), f"{name}: {reading}"


def main(arguments: list[str]) -> None:
    """Fuzz for so many seconds."""
    seconds = int(arguments[0]) if arguments else 600
    chosen = [(name, SCORERS[name]) for name in arguments[1:] or SCORERS]
    reading = [(name, one) for name, one in chosen if not isinstance(one, Blocking | Judging)]
    print(f"fuzzing {', '.join(name for name, _ in reading)} for {seconds} s")
    options = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-len_control=0",
        "-timeout=60",
        "-print_final_stats=1",
    ]
    atheris.Setup(options, lambda raw: judged(reading, raw))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
