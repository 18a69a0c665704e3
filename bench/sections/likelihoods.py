"""Log-likelihoods of weights on this machine: `sinan run -m hf/...` beside lm-evaluation-harness's `hf`, each a whole
process on the same folder of weights and the same questions."""

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import weights
from evaluated import scratch, settings
from peers import OFFLINE, TASKS
from processes import PYTHON, SINAN, Took, Violation, in_turn, measured, median

from sections import Size

TITLE = "Log-likelihoods of local weights"
BATCHES = ("1", "8", "64")
"""Of the other harness, which is given its best. `auto` tries passes of its greatest length first, which on a processor
costs more than all the questions here."""
SOME = 16  # questions by which it is found


@dataclass(frozen=True)
class Ran:
    """One whole process, and the accuracy that it found."""

    took: Took
    accuracy: float

    @property
    def wall(self) -> float:
        return self.took.wall

    @property
    def cpu(self) -> float:
        return self.took.cpu


def lines(size: Size) -> Iterator[str]:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        yield "(left out: torch and transformers are not installed)"
        return
    batches, times = (BATCHES[1:2], 1) if size == "small" else (BATCHES, 3)
    yield (
        "A Llama of 21 million random weights in float32 on the CPU. *mmlu*: five examples of one subject, all "
        "questions below them, about 660 tokens, letters of one token as continuations. *hellaswag*: contexts "
        "of 60 to 100 tokens, four endings of 10 to 30. Whole processes in turn, medians; the rates leave out what a "
        "process takes for a single question, which is mostly importing torch. lm-eval with its best batch size, found "
        "by processor time. Accuracies were checked to be equal.\n"
    )
    yield f"Load of the machine when it began: {os.getloadavg()[0]:.1f}.\n"
    yield "| work | questions | | wall s | of one question | questions/s | CPU s | of one question | questions/CPU s |"
    yield "|---|--:|---|--:|--:|--:|--:|--:|--:|"
    with scratch() as folder:
        model = weights.network(folder / "model")
        for work in (weights.MMLU, weights.HELLASWAG):
            yield from _compared(folder, model, work, work.small if size == "small" else work.count, batches, times)


LEAST = 0.1
"""Of the whole time, what the questions beyond the first must take: of less, noise would make the rate."""


def _compared(
    folder: Path, model: Path, work: weights.Work, count: int, batches: tuple[str, ...], times: int
) -> Iterator[str]:
    file = weights.write(work, count, folder / f"{work.name}.jsonl")
    one = weights.write(work, 1, folder / f"{work.name}-one.jsonl")
    calls, singles = [lambda: _sinan(folder, model, file)], [lambda: _sinan(folder, model, one)]
    names = ["sinan"]
    if importlib.util.find_spec("lm_eval") is not None:
        best = _best(folder, model, work, batches)
        calls.append(lambda: _lm_eval(folder, model, file, best))
        singles.append(lambda: _lm_eval(folder, model, one, best))
        names.append(f"lm-eval, batch size {best}")
    starts, columns = in_turn(times, *singles), in_turn(times, *calls)
    rates = []
    for name, whole, single in zip(names, columns, starts, strict=True):
        cells = [f"| {work.name} | {count} | {name}"]
        for of in (attrgetter("wall"), attrgetter("cpu")):
            total, start = median(whole, of), median(single, of)
            if total - start < LEAST * total:
                raise SystemExit(
                    f"{work.name}: {total:.1f} s against {start:.1f} s of one question tell no rate: busy?"
                )
            rates.append((count - 1) / (total - start))
            cells.append(f"{total:.1f} | {start:.1f} | {rates[-1]:.1f}")
        yield " | ".join(cells) + " |"
    if len(names) > 1:
        found = {round(ran.accuracy, 9) for column in columns for ran in column}
        if len(found) > 1:
            raise Violation(f"{work.name}: accuracies differ: {sorted(found)}")
        wall, cpu = rates[0] / rates[2], rates[1] / rates[3]
        yield f"| {work.name} | | **sinan / lm-eval** | | | **{wall:.1f}** | | | **{cpu:.1f}** |"


def _best(folder: Path, model: Path, work: weights.Work, batches: tuple[str, ...]) -> str:
    """The batch size with which lm-eval takes least, over some of the questions."""
    if len(batches) == 1:
        return batches[0]
    some = weights.write(work, SOME, folder / f"{work.name}-some.jsonl")
    return min(batches, key=lambda batch: _lm_eval(folder, model, some, batch).cpu)


def _sinan(folder: Path, model: Path, file: Path) -> Ran:
    shutil.copy(TASKS / "likelihoods.py", folder / "likelihoods.py")
    runs = folder / "runs"
    command = (*SINAN, "run", str(folder / "likelihoods.py"), "-m", f"hf/{model}?device=cpu", "--no-cache", "--json")
    took = measured(*command, "--runs", str(runs), cwd=folder, env=settings(folder) | {"LIKELIHOODS": str(file)})
    shutil.rmtree(runs)
    result = json.loads(took.out)["results"][0]
    if result["outcomes"]["failed"]:
        raise Violation(f"sinan failed on {result['outcomes']['failed']} questions")
    return Ran(took, float(result["value"]))


def _lm_eval(folder: Path, model: Path, file: Path, batch: str) -> Ran:
    tasks, out = folder / "tasks", folder / "out"
    tasks.mkdir(exist_ok=True)
    (tasks / "task.yaml").write_text((TASKS / "likelihoods.yaml").read_text().replace("FILE", str(file)))
    shutil.rmtree(out, ignore_errors=True)
    command = (
        PYTHON, "-m", "lm_eval", "--model", "hf", "--model_args", f"pretrained={model},dtype=float32",
        "--include_path", str(tasks), "--tasks", "likelihoods", "--device", "cpu", "--batch_size", batch,
        "--output_path", str(out),
    )  # fmt: skip
    took = measured(*command, cwd=folder, env=OFFLINE | {"HF_HOME": str(folder / "hf")})
    results = json.loads(next(out.rglob("results*.json")).read_text())
    return Ran(took, float(results["results"]["likelihoods"]["acc,none"]))
