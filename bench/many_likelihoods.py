"""Many log-likelihoods from one open model, a window of them at one time; resident MB as it goes, as JSON lines.

python many_likelihoods.py FOLDER COUNT
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sinan.models import open_model
from sinan.types import Model, Prompt

WINDOW = 1024


async def main(folder: str, count: int) -> None:
    model = open_model(f"hf/{folder}?device=cpu&batch_tokens=32768")
    await model.open()
    numbers = iter(range(count))
    told = iter([*range(count // 10, count, max(1, count // 10)), count])
    state = {"done": 0, "next": next(told)}
    await asyncio.gather(*(_ask(model, numbers, state, told) for _ in range(WINDOW)))
    await model.close()


async def _ask(model: Model, numbers: Iterator[int], state: dict[str, int], told: Iterator[int]) -> None:
    for number in numbers:
        prompt = Prompt(text=f"question {number} {number % 7919}", continuations=(" yes", " no"))
        await model.loglikelihood(prompt)
        state["done"] += 1
        if state["done"] == state["next"]:
            print(json.dumps({"answered": state["done"], "mb": resident()}), flush=True)
            state["next"] = next(told, -1)


def resident() -> float:
    """MB of this process."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
