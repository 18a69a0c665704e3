"""Tables of outcomes: models in columns, what is no model beside them, and files that are no such table."""

import pytest

from sinan.datasets.outcomes import outcomes
from sinan.errors import BadFile

HEAD = "item,model-a,model-b"


def written(tmp_path, text, name="results.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_columns_of_numbers_are_models_and_an_empty_cell_is_wrong_and_counted(tmp_path):
    found = outcomes(written(tmp_path, f"{HEAD}\nq1,1,0\nq2,,1\nq3,0.5,1\n"))
    assert (found.benchmark, found.models, found.items) == ("results", ("model-a", "model-b"), ("q1", "q2", "q3"))
    assert found.values.tolist() == [[1, 0, 0.5], [0, 1, 1]]
    assert found.notes == ("1 empty cells count as wrong",)
    assert not found.binary and found.clusters == found.groups == ()


def test_what_the_rows_belong_to_is_no_model(tmp_path):
    found = outcomes(written(tmp_path, "id\tcategory\tpassage\tm\n1\t1\tp\t1\n2\t0\tp\t0\n3\t1\t\t0\n", "x.tsv"))
    assert found.models == ("m",) and found.groups == ("1", "0", "1") and found.clusters == ("p", "p", "3")
    assert found.binary and found.of("m").tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        (HEAD, "lines of as many cells"),
        (f"{HEAD}\nq1,1\n", "line 2 has 2 cells"),
        (f"{HEAD}\nq1,1,0\nq1,1,0\n", "'q1' stands in it more than once"),
        (f"{HEAD}\nq1,right,wrong\n", "no column holds numbers"),
        (f"{HEAD}\nq1,7,-1\n", "no column holds numbers"),
        ("item,m,m\nq1,1,0\n", "a line of different names"),
        ("Model,q1,q2\na,1,0\n", "its rows are models"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(BadFile, match=said) as caught:
        outcomes(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00item")
    for name in ("x.csv", "absent.csv"):
        with pytest.raises(BadFile, match="cannot be read"):
            outcomes(tmp_path / name)


def test_true_and_false_are_outcomes_and_columns_that_are_left_out_are_named(tmp_path):
    text = "item,a,b,empty,points,words\nq1,True,false,,70,x\nq2,FALSE,true,,1,y\n"
    found = outcomes(written(tmp_path, text))
    assert found.models == ("a", "b") and found.values.tolist() == [[1, 0], [0, 1]]
    assert found.notes == ("no numbers from 0 to 1, so left out: empty, points",)
