"""Log-likelihoods of weights on this machine: `sinan run -m hf/...` beside lm-evaluation-harness's `hf`, each a whole
process on the same folder of weights and the same questions."""

import importlib.util
import json
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

import weights
from evaluated import scratch, settings
from peers import OFFLINE, TASKS
from processes import PYTHON, SINAN, Violation, in_turn, measured

from sections import Size

TITLE = "Log-likelihoods of local weights"
BATCHES = ("1", "8", "16", "64", "auto")
"""Of the other harness, which is given its best."""


def lines(size: Size) -> Iterator[str]:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        yield "(left out: torch and transformers are not installed)"
        return
    batches, times = (BATCHES[1:2], 1) if size == "small" else (BATCHES, 3)
    yield (
        "A Llama of 21 million random weights in float32 on the CPU. *mmlu*: five examples of the subject, 100 questions "
        "below each header, the letters as continuations. *hellaswag*: contexts of 60 to 100 tokens, four endings of 10 "
        "to 30. Whole processes; *rate* leaves out what a process takes for a single question, which is mostly "
        "importing torch. lm-eval with its best batch size. Accuracies were checked to be equal.\n"
    )
    yield "| work | questions | | seconds | of one question | questions/s |"
    yield "|---|--:|---|--:|--:|--:|"
    with scratch() as folder:
        model = weights.network(folder / "model")
        for work in (weights.MMLU, weights.HELLASWAG):
            yield from _compared(folder, model, work, work.small if size == "small" else work.count, batches, times)


def _compared(
    folder: Path, model: Path, work: weights.Work, count: int, batches: tuple[str, ...], times: int
) -> Iterator[str]:
    file = weights.write(work, count, folder / f"{work.name}.jsonl")
    one = weights.write(work, 1, folder / f"{work.name}-one.jsonl")
    there = importlib.util.find_spec("lm_eval") is not None
    tried = {batch: _lm_eval(folder, model, file, batch)[0] for batch in batches} if there and len(batches) > 1 else {}
    best = min(tried, key=tried.__getitem__) if tried else batches[0]
    calls = [lambda: _sinan(folder, model, file), lambda: _sinan(folder, model, one)]
    if there:
        calls += [lambda: _lm_eval(folder, model, file, best), lambda: _lm_eval(folder, model, one, best)]
    columns = in_turn(times, *calls)
    rates = []
    names = ("sinan", f"lm-eval, batch size {best}")
    for name, whole, single in zip(names, columns[::2], columns[1::2], strict=False):
        wall, start = (statistics.median(seconds for seconds, _ in column) for column in (whole, single))
        rates.append((count - 1) / max(1e-9, wall - start))
        yield f"| {work.name} | {count} | {name} | {wall:.1f} | {start:.1f} | {rates[-1]:.1f} |"
    if there:
        found = {round(value, 9) for column in columns[::2] for _, value in column}
        if len(found) > 1:
            raise Violation(f"{work.name}: accuracies differ: {sorted(found)}")
        yield f"| {work.name} | | **{rates[0] / rates[1]:.1f} times the rate** | | | |"


def _sinan(folder: Path, model: Path, file: Path) -> tuple[float, float]:
    """Seconds, and the accuracy."""
    shutil.copy(TASKS / "likelihoods.py", folder / "likelihoods.py")
    runs = folder / "runs"
    command = (*SINAN, "run", str(folder / "likelihoods.py"), "-m", f"hf/{model}?device=cpu", "--no-cache", "--json")
    took = measured(*command, "--runs", str(runs), cwd=folder, env=settings(folder) | {"LIKELIHOODS": str(file)})
    shutil.rmtree(runs)
    result = json.loads(took.out)["results"][0]
    if result["outcomes"]["failed"]:
        raise Violation(f"sinan failed on {result['outcomes']['failed']} questions")
    return took.wall, float(result["value"])


def _lm_eval(folder: Path, model: Path, file: Path, batch: str) -> tuple[float, float]:
    """Seconds, and the accuracy."""
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
    return took.wall, float(results["results"]["likelihoods"]["acc,none"])
