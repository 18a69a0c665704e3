"""The run's folder: found by its beginning, locked by one process, and never misread."""

import json
import subprocess
import sys

import pytest

from sinan.errors import StoreError, UnknownName
from sinan.store import create, find, listed, now


def made(runs, name, created=None):
    folder = create(runs, name)
    asked = {"spec": {}, "cells": [], "models": [], "sinan": "0.1.0"}
    folder.describe({"created": created or now(), "status": "complete"} | asked)
    return folder


def test_a_run_is_found_by_id_beginning_path_and_last(tmp_path):
    one, two = made(tmp_path, "first-light"), made(tmp_path, "GSM8K & more")
    assert two.id.endswith("-gsm8k-more")
    assert find(tmp_path, one.id) == one
    assert find(tmp_path, one.id[:4]) == one
    assert find(tmp_path, str(one.path)).id == one.id
    assert find(tmp_path, "last") == two
    assert listed(tmp_path) == [one, two]


def test_an_unknown_run_is_one_clear_line(tmp_path):
    with pytest.raises(UnknownName, match="No run is in"):
        find(tmp_path, "last")
    with pytest.raises(UnknownName, match="zzz is no run here"):
        find(tmp_path, "zzz")


def test_a_second_process_is_refused_and_told_who_has_the_run(tmp_path):
    folder = made(tmp_path, "a")
    code = (
        "import sys; from pathlib import Path; from sinan.store.folder import RunFolder\n"
        "lock = RunFolder(Path(sys.argv[1])).lock(); print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    with pytest.raises(StoreError, match=f"being written by process {other.pid}"):
        folder.lock()
    other.kill()
    other.communicate()
    folder.lock().release()


def test_a_run_of_a_newer_version_is_left_alone(tmp_path):
    folder = made(tmp_path, "a")
    (folder.path / "run.json").write_text(json.dumps({"format": 99, "sinan": "9.0"}))
    with pytest.raises(StoreError, match=r"sinan 9\.0 in format 99.*a newer sinan"):
        folder.about()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": "x"}', '{"format": 1}'])
def test_a_broken_description_is_one_clear_line(tmp_path, content):
    folder = made(tmp_path, "a")
    (folder.path / "run.json").write_text(content)
    with pytest.raises(StoreError, match=r"run\.json"):
        folder.about()


ESTIMATE = {"value": 0.5, "stderr": 0.1, "ci": [0.3, 0.7], "ci_method": "wilson", "n": 20}
ENTRY = ESTIMATE | {
    **dict.fromkeys(("benchmark", "version", "protocol", "model", "metric"), "x"),
    **{"k": 1, "outcomes": {"correct": 10}, "groups": [{"name": "g"} | ESTIMATE]},
    **{"tokens_in": 1, "tokens_out": 1, "cost_usd": None},
}


def test_results_come_back_as_they_were_written(tmp_path):
    folder = made(tmp_path, "a")
    assert folder.results() is None
    folder.conclude([ENTRY, ENTRY | {"metric": "y", "further": True}])
    (one,) = folder.results()
    assert (one.estimate.ci, one.further[0].metric, one.groups[0][0]) == ((0.3, 0.7), "y", "g")


@pytest.mark.parametrize(
    "change",
    [
        {"value": "0.5"},
        {"value": [0.5]},
        {"ci": [0.3]},
        {"ci": 0.3},
        {"stderr": {}},
        {"n": None},
        {"metric": None},
        {"model": []},
        {"outcomes": {"correct": "10"}},
        {"groups": [{"name": "g"}]},
        {"groups": [{"name": "g"} | ESTIMATE | {"value": "x"}]},
        {"draws": {"within": 1}},
        {"notes": 3},
        {"further": True},
    ],
    ids=str,
)
def test_damaged_results_are_one_clear_line(tmp_path, change):
    folder = made(tmp_path, "a")
    folder.conclude([ENTRY | change])
    with pytest.raises(StoreError, match=r"results\.json is damaged .* Remedy: remove it"):
        folder.results()


SPEC = {"targets": ["t"], "models": ["m"], "limit": None, "shots": None, "draws": 1, "seed": 0, "parameters": {}}
DESCRIBED = {"spec": SPEC | {"protocol": "default", "scorer": None}, "cells": [], "models": [], "sinan": "0.1.0"}
CELL = dict.fromkeys(("benchmark", "version", "protocol", "model", "metric"), "x")


@pytest.mark.parametrize(
    "change",
    [
        {"files": "x"},
        {"data": [1]},
        {"judges": [{}]},
        {"expected": "x"},
        {"rule": 1},
        {"scored_from": {"stopped": [1]}},
        {"scored_from": {"stopped": [{"benchmark": "b", "model": "m", "population": "many"}]}},
    ],
    ids=str,
)
def test_a_part_of_the_wrong_kind_is_one_clear_line(tmp_path, change):
    folder = made(tmp_path, "a")
    folder.describe({"created": now(), "status": "complete", **DESCRIBED} | change)
    with pytest.raises(StoreError, match=r"run\.json is damaged"):
        folder.about()


@pytest.mark.parametrize(
    ("spec", "cell"),
    [
        ({"prefill": 3}, {}),
        ({"shots_as": {}}, {}),
        ({"vary": None}, {}),
        ({"perturb": [1]}, {}),
        ({}, {"metrics": "x"}),
        ({}, {"metrics": [{"kind": "mean"}]}),
        ({}, {"metrics": [{"name": []}]}),
        ({}, {"shots": []}),
        ({}, {"sampling": [1]}),
        ({}, {"sampling": {"stop": [1]}}),
    ],
    ids=str,
)
def test_a_description_of_the_wrong_kinds_is_one_clear_line(tmp_path, spec, cell):
    folder = made(tmp_path, "a")
    for damaged in (False, True):
        told = DESCRIBED["spec"] | (spec if damaged else {})
        cells = [CELL | {"metrics": [{"name": "accuracy"}], "sampling": {"stop": None}} | (cell if damaged else {})]
        folder.describe({"created": now(), "status": "complete", **DESCRIBED, "spec": told, "cells": cells})
        if not damaged:
            assert folder.about()["status"] == "complete"
    with pytest.raises(StoreError, match=r"run\.json is damaged"):
        folder.about()


def test_a_runs_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make a run in"):
        create(tmp_path / "file" / "runs", "a")
