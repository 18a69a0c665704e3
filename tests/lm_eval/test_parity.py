"""Every number of a task file is the one that lm-evaluation-harness gives: prompts, log-likelihoods, metrics, errors.

Both read the same files and ask the same tiny model. SINAN_PARITY=all adds what takes minutes: the harness draws
100,000 resamples one by one, so that in the reduced form both draw 2,000; and the installed harness's own files.
"""

import os

import pytest

from sinan.statistics import bootstrap
from tests.lm_eval.side_by_side import compare_estimate, compare_results, compare_samples, ours

WHOLE = os.environ.get("SINAN_PARITY") == "all"
RESAMPLES = bootstrap.ITERATIONS if WHOLE else 2_000

QUICK = [
    "mc_plain",
    "mc_everything",
    "mc_letters",
    "mc_same_split",
    "mc_several",
    "mc_contexts",
    "mc_contexts_by_template",
    "mc_true_mass",
    "mc_processed",
    "target_likelihood",
    "whole_texts",
    "whole_texts_processed",
    "sums",
    "sums_as_they_come",
    "sums_either",
    "sums_chosen",
    "sums_overlap",
    "sums_voted",
    "sums_begun",
    "sums_listed",
    "sums_measured",
    "sums_own_metric",
    "sums_classified",
    "mc_macro",
]
SLOW = ["mc_agreement"]


@pytest.fixture(autouse=True)
def resamples(monkeypatch):
    monkeypatch.setattr(bootstrap, "ITERATIONS", RESAMPLES)


@pytest.fixture(scope="module")
def theirs(place, model):
    """What the harness gives for all tasks of the folder: one model, loaded once."""
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("DISABLE_MULTIPROC", "1")
        patch.setenv("HF_DATASETS_CACHE", str(place / "cache"))
        manager = TaskManager(include_path=str(place / "tasks"), include_defaults=False)
        weights = HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=8)
        more = {"log_samples": True, "verbosity": "ERROR", "bootstrap_iters": RESAMPLES}
        names = QUICK + (SLOW if WHOLE else [])
        alone = lm_eval.simple_evaluate(weights, tasks=names, task_manager=manager, **more)
        group = lm_eval.simple_evaluate(weights, tasks=["all_choices"], task_manager=manager, **more)
        shots = lm_eval.simple_evaluate(
            weights, tasks=["mc_plain", "mc_contexts_by_template"], task_manager=manager, num_fewshot=3, limit=6, **more
        )
    return {"alone": alone, "group": group, "shots": shots}


@pytest.mark.parametrize("name", QUICK + (SLOW if WHOLE else []))
def test_a_task_has_the_harnesss_numbers(name, here, theirs, model, tmp_path):
    run, records = ours(f"lm-eval:tasks/{name}.yaml", model, tmp_path)
    compare_samples(theirs["alone"]["samples"][name], records)
    (result,) = run.results
    compare_results(theirs["alone"]["results"][name], result, theirs["alone"]["samples"][name])


def test_a_group_has_the_harnesss_numbers(here, theirs, model, tmp_path, monkeypatch):
    monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(here / "tasks"))
    run, _ = ours("lm-eval:all_choices", model, tmp_path)
    (result,) = run.results
    results, groups = theirs["group"]["results"], theirs["group"]["groups"]
    mine = {result.metric: result} | {one.metric: one for one in result.further}
    compare_estimate(mine["acc"].estimate, groups["all_choices"], "acc")
    compare_estimate(mine["of_letters:acc"].estimate, groups["of_letters"], "acc")
    inner = groups["all_choices::plain_ones"]
    compare_estimate(mine["all_choices::plain_ones:acc"].estimate, inner, "acc")
    compare_estimate(mine["all_choices::plain_ones:acc_norm"].estimate, inner, "acc_norm")
    tasks = dict(mine["acc"].groups)
    assert tasks.keys() == {"mc_letters", "mc_letters_more", "mc_plain", "mc_same_split"}
    for name, estimate in tasks.items():
        compare_estimate(estimate, results[name], "acc")
    assert mine["acc_norm"].estimate.value is None  # nobody adds it up over the whole group
    assert set(dict(mine["acc_norm"].groups)) == {"mc_plain", "mc_same_split"}


@pytest.mark.parametrize("name", ["mc_plain", "mc_contexts_by_template"])
def test_shots_and_a_limit_are_the_harnesss(name, here, theirs, model, tmp_path):
    run, records = ours(f"lm-eval:tasks/{name}.yaml", model, tmp_path, shots=3, limit=6)
    compare_samples(theirs["shots"]["samples"][name], records)
    compare_results(theirs["shots"]["results"][name], run.results[0], theirs["shots"]["samples"][name])
