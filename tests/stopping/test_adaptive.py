"""Previews: chosen questions, foreseen scores, and that nobody takes them for more."""

import json
import shutil

import numpy as np
import pytest

from sinan.engine.drawn import drawn
from sinan.statistics.item_response import Items
from sinan.stopping.adaptive import Chosen
from sinan.types import RunSpec
from tests.fakes import benchmark, numbered
from tests.in_process import sinan
from tests.server import ChatServer
from tests.stopping.models import N, asked_whole, good, named, questions
from tests.test_end_to_end import one_line


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A folder in which five models were asked everything."""
    work = tmp_path_factory.mktemp("earlier")
    questions(work)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SINAN_CACHE", str(work / "cache"))
        asked_whole(work, {f"old{number}": share for number, share in enumerate((0.9, 0.75, 0.6, 0.45, 0.3))})
    return work / "runs"


def test_the_next_question_is_the_one_that_tells_most_and_none_comes_twice():
    order = drawn(benchmark(numbered(30)), RunSpec(("toy",), ("m",)))
    items = Items(np.full(30, 1.5), np.linspace(-3, 3, 30))
    chosen = Chosen(order, items, "m", lambda scores: sum(scores) / len(scores), 1, 20)
    places = []
    for _, _, sample in chosen:
        place = order.units.index(sample.id)
        left = [i for i in range(30) if i not in places]
        theta = items.ability(places, [float(items.b[i] < 0.5) for i in places]).theta
        assert place == max(left, key=lambda i: items.information(theta)[i])
        places.append(place)
        chosen.note("m", sample.id, float(items.b[place] < 0.5))
    assert len(set(places)) == 20 and chosen.met
    (decision,) = chosen.decisions
    assert not decision.guaranteed and abs(decision.further["theta"] - 0.5) < 0.6
    assert abs(decision.models[0].value - 17 / 30) < 0.12


def test_a_preview_foresees_the_score_from_few_questions_and_says_what_it_is(work, earlier):
    shutil.copytree(earlier, work / "runs")
    with ChatServer(good(0.5)) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", named(server, "new"), "--adaptive", "-n", "40", "--json")
        assert code == 0, err
        assert sum(server.asked.values()) == len(server.asked) == 40
        document = json.loads(out)
        (result,), stopping = document["results"], document["stopping"]
        assert result["population"] == N and result["ci_method"] == "preview, not guaranteed" and result["n"] == 40
        assert abs(result["value"] - 0.5) < 0.1
        assert not stopping["guaranteed"] and stopping["verdicts"][0]["order"] is None
        assert "not guaranteed; nominal 95 % intervals covered" in stopping["verdicts"][0]["notes"][0]
        code, out, _ = sinan(work, "show", "last")
        assert "not guaranteed" in out and "sure at" not in out
        _, out, err = sinan(work, "rank", "--json")
        (board,) = json.loads(out)["leaderboards"]
        assert "openai/new" not in [row["model"] for row in board["standings"]] and "not ranked" in err
        code, out, err = sinan(work, "run", "--resume", document["run"], "--json")
        assert code == 0 and json.loads(out)["results"][0]["value"] == 0.5, err


def test_a_preview_that_was_stopped_goes_on_and_asks_nothing_twice(work, earlier):
    shutil.copytree(earlier, work / "runs")
    with ChatServer(good(0.5)) as server:
        words = ("run", "q.jsonl", "-m", named(server, "new"), "--adaptive", "-n", "40", "--json", "--no-cache")
        code, out, _ = sinan(work, *words, "--max-tokens-total", "150")
        assert code == 3 and not json.loads(out)["stopping"]["met"]
        code, out, err = sinan(work, "run", "--resume", "last", "--json", "--no-cache")
        assert code == 0, err
        assert json.loads(out)["results"][0]["n"] == 40 and set(server.asked.values()) == {1}


def test_a_preview_without_finished_runs_is_one_line(work):
    with ChatServer(good(0.5)) as server:
        words = ("run", "q.jsonl", "-m", named(server, "new"), "--adaptive")
        code, _, err = sinan(work, *words)
        one_line(err, code, 2, "at least 3 other models")
        code, _, err = sinan(work, *words, "--stop", "ci<0.1")
        one_line(err, code, 2, "no rule of --stop")
        assert not server.asked
