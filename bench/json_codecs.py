"""Seconds that JSON libraries take to write one record of a journal and to read one reply of a chat server.

`python bench/json_codecs.py TIMES` prints {library: [write, read]} of those that are installed, the best of five.
"""

import importlib
import json
import sys
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import work

QUESTION, SAID = work.problem(11), work.reply("problem", 11)
RECORD = {
    "benchmark": "w1",
    "model": "openai/mock",
    "sample_id": "11",
    "prompt": [{"role": "user", "content": QUESTION.prompt}],
    "prompt_hash": "0123456789abcdef" * 4,
    "target": QUESTION.answer,
    "score": 1.0,
    "outcome": "correct",
    "completion": SAID,
    "tokens_in": 120,
    "tokens_out": 32,
    "latency_s": 0.100_321,
    "answer": QUESTION.answer,
}
REPLY = json.dumps(
    {
        "id": "chatcmpl-11",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "mock",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 32, "total_tokens": 152},
    }
).encode()


def codec(name: str) -> tuple[Callable[[Any], Any], Callable[[bytes], Any]]:
    """How the library writes and reads. Raises ImportError."""
    library = importlib.import_module(name)
    if name == "msgspec":
        return library.json.Encoder().encode, library.json.Decoder().decode
    if name == "json":
        return lambda value: json.dumps(value).encode(), json.loads
    return library.dumps, library.loads


def main(times: int) -> None:
    found = {}
    for name in ("json", "orjson", "msgspec"):
        try:
            write, read = codec(name)
        except ImportError:
            continue
        takes = (timeit.Timer(partial(write, RECORD)), timeit.Timer(partial(read, REPLY)))
        found[name] = [min(timer.repeat(5, times)) / times for timer in takes]
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
