"""Data for the task files here, made by a few rules: the same on every machine."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

ANIMALS = "bee cow hen dog cat owl fox bat ant eel".split()
GIFTS = "honey milk eggs wool silk ink wax song".split()
PLACES = ["the old house", "a river", "the café", "town", "北京", "the long grey wall"]


def choice_rows(n: int, seed: int) -> Iterator[dict]:
    draw = random.Random(seed)
    for i in range(n):
        options = draw.sample(GIFTS, 4)
        options[draw.randrange(4)] += " and " + draw.choice(PLACES)
        gold = draw.randrange(4)
        yield {
            "id": i,
            "question": f"What does the {draw.choice(ANIMALS)} bring to {draw.choice(PLACES)}? ",
            "choices": options,
            "answer": gold,
            "letter": "ABCD"[gold],
            "golds": sorted(draw.sample(range(4), 2)),
            "yes": draw.randrange(2),
            "labels": [1, 1, 0, 0],
            "subject": "gifts" if i % 2 else "places",
        }


def blank_rows(n: int, seed: int) -> Iterator[dict]:
    draw = random.Random(seed)
    for _ in range(n):
        one, two = draw.sample(ANIMALS, 2)
        place, how = draw.choice(PLACES), draw.choice(["fast", "at once"])
        sentence = f"The {one} saw the {two} near {place}, and the _ ran away {how}."
        yield {"sentence": sentence, "option1": one, "option2": two, "answer": draw.choice("12")}


def text_rows(n: int, seed: int) -> Iterator[dict]:
    draw = random.Random(seed)
    for i in range(n):
        words = [draw.choice(ANIMALS + GIFTS + ["the", "near", "brings", "and,"]) for _ in range(30 + 260 * (i % 3))]
        yield {"page": " ".join(words) + (" \n = Heading = \n" if i % 2 else "."), "text": " ".join(words[:12])}


def sum_rows(n: int, seed: int) -> Iterator[dict]:
    draw = random.Random(seed)
    for _ in range(n):
        a, b = draw.randrange(2, 60), draw.randrange(2, 60)
        yield {
            "question": f"The {draw.choice(ANIMALS)} has {a} eggs and finds {b} more. How many eggs?",
            "answer": f"There are {a}+{b}={a + b} eggs.\n#### {a + b}",
            "number": str(a + b),
            "either": [str(a + b), f"{a + b} eggs"],
            "choices": [str(a), str(a + b), str(b)],
            "right": 1,
        }


def write(folder: Path) -> None:
    """All files."""
    files = {
        "choices.jsonl": choice_rows(14, 1),
        "choices_train.jsonl": choice_rows(11, 2),
        "more_choices.jsonl": choice_rows(9, 3),
        "blanks.jsonl": blank_rows(12, 4),
        "texts.jsonl": text_rows(7, 5),
        "sums.jsonl": sum_rows(10, 6),
        "sums_train.jsonl": sum_rows(16, 7),
    }
    for name, rows in files.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def texts() -> Iterator[str]:
    """What a tokenizer learns from."""
    for rows in (choice_rows(60, 11), blank_rows(60, 12), text_rows(9, 13), sum_rows(60, 14)):
        yield from (json.dumps(row, ensure_ascii=False) for row in rows)
    yield "Question: Answer: The answer is Q: A: yes no true false"
