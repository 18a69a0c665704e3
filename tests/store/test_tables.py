"""Cells of stored runs as one table of numbers."""

import math

import duckdb
import numpy as np
import pytest

from sinan.errors import StoreError
from sinan.statistics.repeats import all_right
from sinan.store import DiskJournal, create, frames
from sinan.store.tables import StoredCell, cell_values, table
from sinan.types import Completion, Outcome, Prompt, Question, Sample, SampleResult, Score


def stored(runs, rows, written):
    """A run whose journal holds, for each of (sample, draw, score, values), a result."""
    folder = create(runs, "r")
    journal = DiskJournal(folder.journal)
    for sample, draw, value, values in rows:
        outcome = Outcome.FAILED if value is None else Outcome.CORRECT if value == 1 else Outcome.WRONG
        question = Question(sample, Prompt(text="?"), draw)
        answer = None if value is None else Completion("x", "stop")
        journal.append(SampleResult("b", "m", question, answer, Score(value, outcome, None, "", values)))
    journal.close()
    if written:
        frames.write_samples(folder, repeated=False)
    return folder


ROWS = [
    (Sample("q2", "?", "x", group="g", cluster="p"), 0, 1.0, {"a/b": 0.25}),
    (Sample("q2", "?", "x", group="g", cluster="p"), 1, 0.0, {"a/b": 0.75}),
    (Sample("q1", "?", "x", cluster="p"), 0, 1.0, {"a/b": 1.0}),
    (Sample("q1", "?", "x", cluster="p"), 1, None, {}),
    (Sample("q3", "?", "x"), 0, None, {}),
    (Sample("q4~0", "?", "x", unit="q4", unit_size=2), 0, 1.0, {}),
    (Sample("q4~1", "?", "x", unit="q4", unit_size=2), 0, 0.0, {}),
]


@pytest.mark.parametrize("written", [True, False])
def test_draws_and_forms_are_one_value_and_what_failed_is_none(tmp_path, written):
    found = cell_values(StoredCell(stored(tmp_path, ROWS, written), "b", "m"))
    assert found.items.tolist() == ["q1", "q2", "q4"]
    assert found.values.tolist() == [1.0, 0.5, 0.5]
    assert (found.clusters.tolist(), found.groups.tolist()) == (["p", "p", "q4"], ["", "g", ""])
    assert found.draws == 2


def test_another_value_of_the_scores_and_another_way_to_take_draws_together(tmp_path):
    folder = stored(tmp_path, ROWS, written=True)
    other = cell_values(StoredCell(folder, "b", "m", of="a/b"))
    assert dict(zip(other.items, other.values, strict=True)) == {"q1": 1.0, "q2": 0.5}
    assert cell_values(StoredCell(folder, "b", "m", reduce=all_right)).values.tolist() == [1, 0, 0]


def test_models_stand_side_by_side_and_what_one_lacks_is_no_number(tmp_path):
    one = stored(tmp_path, ROWS, written=True)
    further = [(Sample("q9", "?", "x"), 0, 0.0, {}), (Sample("q1", "?", "x", cluster="p"), 0, 0.0, {})]
    other = stored(tmp_path, further, written=True)
    found = table([StoredCell(one, "b", "m"), StoredCell(other, "b", "m")], names=("one", "other"))
    assert (found.models, found.items) == (("one", "other"), ("q1", "q2", "q4", "q9"))
    np.testing.assert_array_equal(found.values, [[1, 0.5, 0.5, math.nan], [0, math.nan, math.nan, 0]])
    assert found.clusters == ("p", "p", "q4", "q9") and found.groups == ("", "g", "", "")
    assert found.runs == (one.id, other.id) and found.draws == 2 and not found.binary


@pytest.mark.parametrize(
    "columns", ["1 AS x", "* EXCLUDE score", "* REPLACE ('x' AS score)", "* REPLACE ([1] AS draw)"]
)
def test_columns_that_are_no_run_s_are_one_clear_line(tmp_path, columns):
    folder = stored(tmp_path, ROWS, written=True)
    other = tmp_path / "other.parquet"
    duckdb.sql(f"COPY (SELECT {columns} FROM read_parquet('{folder.samples}')) TO '{other}'")
    other.replace(folder.samples)
    with pytest.raises(StoreError, match=r"samples\.parquet is damaged: .* Remedy: remove it"):
        table([StoredCell(folder, "b", "m")])
