"""Experiment files, by the whole program."""

import json

import pytest

from tests.in_process import sinan
from tests.server import ChatServer
from tests.test_end_to_end import one_line, right, work

__all__ = ["work"]


def test_an_experiment_file_runs_and_the_command_line_goes_before_it(work):
    with ChatServer(right) as server:
        (work / "exp.toml").write_text(
            f'targets = ["q.jsonl"]\nmodels = ["{server.model}"]\nlimit = 5\n[parameters]\ntemperature = 0.5\n'
        )
        code, out, err = sinan(work, "run", "exp.toml", "--json")
        assert code == 0, err
        assert json.loads(out)["results"][0]["n"] == 5
        code, out, _ = sinan(work, "run", "exp.toml", "--json", "-n", "7")
        assert json.loads(out)["results"][0]["n"] == 7
    _, out, _ = sinan(work, "show", "last", "--json")
    assert json.loads(out)["about"]["spec"]["parameters"] == {"temperature": 0.5}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("targets = [", "cannot be read"),
        ("limit = 3", "needs targets"),
        ('targets = ["q.jsonl"]\nmodel = "x"', "model is no setting"),
        ('targets = "q.jsonl"', "wrong kind"),
        ('targets = ["q.jsonl"]\nlimit = true', "wrong kind"),
        ('targets = ["q.jsonl"]\nlimit = 0', "too small"),
        ('targets = ["q.jsonl"]', "needs a model"),
    ],
)
def test_a_broken_experiment_is_one_clear_line(work, text, told):
    (work / "exp.toml").write_text(text)
    code, _, err = sinan(work, "run", "exp.toml")
    one_line(err, code, 2, told)
