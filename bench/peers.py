"""Other harnesses, as a user would run them on the same questions. BENCH_PEERS names the folder of their virtual
environments: `lm-eval` (pip install 'lm-eval[api]') and `inspect` (pip install inspect_ai openai)."""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from processes import Took, measured
from stand_in import StandIn

TASKS = Path(__file__).with_name("peer_tasks")
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OPENAI_API_KEY": "none"}


class Peer(ABC):
    """A harness."""

    name: str
    slow: bool
    """Whether it takes minutes where sinan takes seconds."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries

    @abstractmethod
    def run(self, work: str, stand: StandIn, file: Path, concurrency: int, folder: Path) -> tuple[Took, float]:
        """What the whole command took, and the accuracy that it stored."""


class LmEval(Peer):
    """lm-evaluation-harness."""

    name, slow = "lm-eval `local-chat-completions`", False

    def run(self, work: str, stand: StandIn, file: Path, concurrency: int, folder: Path) -> tuple[Took, float]:
        task = f"bench_{work}"
        text = (TASKS / "lm-eval.yaml").read_text().replace("FILE", str(file)).replace("TASK", task)
        (folder / "task.yaml").write_text(text.replace("PROMPT", _LM_EVAL_PROMPTS[work]))
        arguments = (
            f"model=mock,base_url={stand.url}/chat/completions,num_concurrent={concurrency},max_retries=5,"
            "tokenizer_backend=None"
        )
        command = (
            str(self.binaries / "lm_eval"), "run", "--include_path", str(folder), "--tasks", task,
            "--model", "local-chat-completions", "--model_args", arguments, "--apply_chat_template",
            "--log_samples", "--output_path", str(folder / "out"),
        )  # fmt: skip
        took = measured(*command, cwd=folder, env=OFFLINE | {"HF_HOME": str(folder / "hf")})
        results = json.loads(next((folder / "out").rglob("results*.json")).read_text())
        return took, float(results["results"][task]["exact_match,answer"])


class Inspect(Peer):
    """Inspect."""

    name, slow = "Inspect `openai-api`", True

    def run(self, work: str, stand: StandIn, file: Path, concurrency: int, folder: Path) -> tuple[Took, float]:
        command = (
            str(self.binaries / "inspect"), "eval", f"{TASKS / 'inspect_task.py'}@{work}",
            "-T", f"file={file}", "--model", "openai-api/mock/mock", "--max-connections", str(concurrency),
            "--max-samples", str(concurrency), "--display", "none", "--log-dir", str(folder / "logs"),
        )  # fmt: skip
        env = OFFLINE | {"MOCK_API_KEY": "none", "MOCK_BASE_URL": stand.url, "XDG_DATA_HOME": str(folder / "xdg")}
        took = measured(*command, cwd=folder, env=env)
        log = next((folder / "logs").glob("*.eval"))
        head = measured(str(self.binaries / "inspect"), "log", "dump", "--header-only", str(log), cwd=folder, env=env)
        scores = json.loads(head.out)["results"]["scores"]
        return took, float(scores[0]["metrics"]["accuracy"]["value"])


_LM_EVAL_PROMPTS = {
    "problem": "{{question}}",
    "choice": "{{question}}\\nA) {{A}}\\nB) {{B}}\\nC) {{C}}\\nD) {{D}}",
}


def installed() -> Iterator[Peer]:
    """The harnesses that are there."""
    folder = os.environ.get("BENCH_PEERS")
    for kind, place, program in ((LmEval, "lm-eval", "lm_eval"), (Inspect, "inspect", "inspect")) if folder else ():
        binaries = Path(str(folder)).absolute() / place / "bin"
        if (binaries / program).exists():
            yield kind(binaries)
