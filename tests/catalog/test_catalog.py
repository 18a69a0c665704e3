"""Benchmarks by name: found without being imported, loaded with their file, refused in one line."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sinan import catalog
from sinan.errors import BadFile, SinanError, UnknownName, UsageError
from sinan.scoring import Exact, Letter, Number
from sinan.types import Sample, Sampling, Suite

PUBLISHED = [
    "arc_challenge",
    "arc_easy",
    "bbh",
    "boolq",
    "ceval",
    "gsm8k",
    "math_vision",
    "mathvista",
    "mmlu",
    "mmlu_pro",
]
PUBLISHED += ["pope", "truthfulqa_mc1"]
OWN = '''
"""A benchmark of one's own."""
from sinan.catalog import load
from dataclasses import replace
def benchmark():
    return replace(load("gsm8k"), id="mine")
'''


@pytest.fixture
def suites(monkeypatch):
    """Suites that do not depend on which ones there are."""
    made = {"both": Suite("both", "Both", ("gsm8k", "mmlu"))}
    monkeypatch.setattr(catalog, "all_suites", lambda: made)


def test_names_are_the_files_of_the_catalogue():
    names = catalog.names()
    assert set(PUBLISHED) <= set(names) == set(names) - {"own", "suites", "version"}
    assert names == sorted(names)


def test_importing_the_catalogue_imports_no_benchmark_and_reads_nothing():
    code = (
        "import sys, sinan.catalog as c; c.names(); "
        "print([m for m in sys.modules if m in ('sinan.catalog.gsm8k', 'duckdb', 'numpy', 'scipy')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_benchmark_loads_without_its_data(name, monkeypatch, tmp_path):
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path))
    monkeypatch.setenv("SINAN_MIRROR", "/nowhere")
    benchmark = catalog.load(name)
    assert benchmark.id == name
    assert Path(benchmark.file).stem == name
    assert "default" in benchmark.protocols
    assert all(benchmark.dataset.sources(subset) for subset in benchmark.dataset.subsets)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_benchmark_is_a_short_file_with_citation_and_a_row(name):
    text = Path(catalog.load(name).file).read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert "arXiv:" in docstring
    assert "made up" in docstring
    assert len(text.splitlines()) < 140


def test_a_subset_is_a_benchmark_by_itself():
    benchmark = catalog.load("mmlu/astronomy")
    assert benchmark.id == "mmlu/astronomy"
    assert benchmark.dataset.subsets == ("astronomy",)
    assert len(benchmark.dataset.sources("astronomy")) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gsm8", "gsm8 is no benchmark here. Nearest: gsm8k"),
        ("mmlu/astronmy", "astronmy is no subset of mmlu here. Nearest: astronomy"),
        ("gsm8k/x", "gsm8k has no subsets"),
        ("own", "is no benchmark here"),
        ("../gsm8k", "is no benchmark here"),
        ("", "is no benchmark here"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(name, words, suites):
    with pytest.raises(UnknownName) as caught:
        catalog.load(name)
    assert words in str(caught.value)


def test_a_suite_and_a_dimension_stand_for_their_benchmarks(suites):
    assert catalog.expand("both") == ["gsm8k", "mmlu"]
    assert catalog.expand("gsm8k") == ["gsm8k"]
    assert "gsm8k" in catalog.expand("dim:math")
    with pytest.raises(UnknownName, match="Nearest: dim:math"):
        catalog.expand("dim:maths")
    with pytest.raises(UnknownName, match="Nearest: both"):
        catalog.suite("bth")


def test_targets_resolve_to_each_benchmark_once(suites):
    assert [b.id for b in catalog.resolve(["mmlu", "both", "mmlu/astronomy"])] == ["mmlu", "gsm8k", "mmlu/astronomy"]
    with pytest.raises(UsageError, match="--scorer letter is for files of questions"):
        catalog.resolve(["gsm8k"], "letter")


def test_a_benchmark_of_ones_own_is_loaded_from_its_path(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    benchmark = catalog.load(str(path))
    assert (benchmark.id, benchmark.file) == ("mine", str(path))
    assert len(catalog.version(benchmark, "default")) == 12


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it defines no function `benchmark()`"),
        ("def benchmark(): return 3", "must return a sinan.types.Benchmark"),
        ("import nosuchthing", "ModuleNotFoundError: No module named 'nosuchthing' (line 1)"),
        ("\n\nx = 1 / 0", "ZeroDivisionError: division by zero (line 3)"),
        ("def benchmark(:", "SyntaxError"),
        ("def benchmark():\n    return undefined", "NameError: name 'undefined' is not defined (line 2)"),
        ("raise SystemExit(0)", "SystemExit"),
    ],
)
def test_a_broken_benchmark_of_ones_own_is_one_line(text, words, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        catalog.load(str(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_benchmark_file_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"\./nowhere\.py is no file"):
        catalog.load("./nowhere.py")


def test_a_version_changes_with_whatever_decides_the_number():
    benchmark = catalog.load("gsm8k")
    protocol = benchmark.protocols["default"]
    assert benchmark.protocols["cot"] is protocol  # another name is no other number
    versions = [catalog.version(benchmark, name) for name in benchmark.protocols if name != "cot"]
    changes = [
        replace(protocol, scorer=Exact()),
        replace(protocol, sampling=Sampling(max_tokens=1)),
        replace(protocol, shots=4),
        replace(protocol, few_shot=None),
        replace(protocol, prompt=replace(protocol.prompt, base="{question}")),
    ]
    changed = [replace(benchmark, protocols={"default": change}) for change in changes]
    versions += [catalog.version(one, "default") for one in changed]
    versions.append(catalog.version(replace(benchmark, dataset=replace(benchmark.dataset, fingerprint="x")), "default"))
    fewer = replace(benchmark.dataset, sources=lambda subset: benchmark.dataset.sources(subset)[:1])
    versions.append(catalog.version(replace(benchmark, dataset=fewer), "default"))
    assert len(set(versions)) == len(versions)


def test_a_version_is_the_same_in_another_process():
    code = "from sinan import catalog; print(catalog.version(catalog.load('mmlu'), 'default'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == catalog.version(catalog.load("mmlu"), "default")


FILES = {
    "choice.csv": ("question,A,B,answer\nWhich?,x,y,B\n", Letter()),
    "number.csv": ("question,answer\n1+1?,2\n", Number()),
    "text.csv": ("question,answer\nCapital?,Paris\n", Exact()),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_questions_is_a_benchmark(name, tmp_path):
    text, scorer = FILES[name]
    path = tmp_path / name
    path.write_text(text)
    benchmark = catalog.load(str(path))
    protocol = benchmark.protocols["default"]
    assert (benchmark.id, protocol.scorer, benchmark.dataset.size) == (path.stem, scorer, 1)
    assert "a guess" in benchmark.card.note
    sample = next(iter(benchmark.dataset.read("", 0)))
    chat = str(protocol.prompt(sample, "chat", ()).messages[-1].content)
    assert sample.question in chat
    assert "ANSWER: X" in chat
    assert protocol.prompt(sample, "base", ()).text.endswith("Answer:")
    assert ("likelihood" in benchmark.protocols) == (name == "choice.csv")
    assert len(catalog.version(benchmark, "default")) == 12


def test_a_scorer_overrides_the_guess(tmp_path):
    path = tmp_path / "n.csv"
    path.write_text(FILES["number.csv"][0])
    benchmark = catalog.resolve([str(path)], "exact")[0]
    assert benchmark.protocols["default"].scorer == Exact()
    assert "as asked" in benchmark.card.note
    with pytest.raises(UnknownName):
        catalog.resolve([str(path)], "exakt")


def test_a_broken_file_of_questions_is_refused_when_it_is_loaded(tmp_path):
    path = tmp_path / "n.jsonl"
    path.write_text("{}")
    with pytest.raises(BadFile, match=r"n\.jsonl line 1: no question"):
        catalog.load(str(path))
    with pytest.raises(SinanError):
        catalog.load(str(tmp_path / "none.csv"))


def test_messages_are_asked_as_they_are_and_options_follow_the_last(tmp_path):
    messages = '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which?"}]'
    path = tmp_path / "m.jsonl"
    path.write_text(
        f'{{"messages": {messages}, "answer": "x"}}\n{{"messages": {messages}, "A": "x", "B": "y", "answer": 0}}'
    )
    benchmark = catalog.load(str(path))
    prompt = benchmark.protocols["default"].prompt
    free, choice = benchmark.dataset.read("", 0)
    assert [m.to_json() for m in prompt(free, "chat", ()).messages] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Which?"},
    ]
    last = prompt(choice, "chat", ()).messages[-1].content
    assert last.startswith("Which?\nA. x\nB. y\n")
    assert "Be brief.\n\nWhich?" in prompt(free, "base", ()).text


def test_a_sample_knows_its_letters():
    assert Sample("1", "?", "B", ("x", "y")).gold == 1
