"""lm-evaluation-harness itself, run on local task files: what it measures of each sample, and its aggregates."""

import contextlib
import io
import logging
from pathlib import Path
from typing import Any


def measured(weights: Path, tasks: Path, names: list[str], **how: Any) -> dict[str, Any]:
    """The harness's results with its samples. `how`: limit, num_fewshot, batch_size, apply_chat_template..."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found: dict[str, Any] = simple_evaluate(
            model="hf",
            model_args={"pretrained": str(weights), "dtype": "float32"},
            tasks=names,
            task_manager=TaskManager(include_path=str(tasks), include_defaults=False),
            device="cpu",
            log_samples=True,
            **{"batch_size": 16} | how,
        )
    return found
