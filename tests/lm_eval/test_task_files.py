"""Task files by name and by path: how they are found, read, refused, and asked; no harness is needed for it."""

import json
from pathlib import Path

import pytest

import sinan
from sinan import catalog
from sinan.cli.main import _code
from sinan.errors import BadFile, DataError, UnknownName, UsageError
from sinan.lm_eval import benchmark, index, measures, templates, tree, yaml_files
from sinan.lm_eval.config import config
from sinan.lm_eval.generation import sampling
from sinan.score_again import score_again
from sinan.types import Sampling

pytest.importorskip("yaml")
pytest.importorskip("jinja2")
pytest.importorskip("datasets")

BARE = """
task: bare
dataset_path: json
dataset_kwargs: {data_files: {test: choices.jsonl}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: answer
"""


def written(here, name="bare.yaml", more="", base=BARE):
    (here / name).write_text(base + more)
    return f"lm-eval:{name}"


def only(target, trust=False):
    (found,) = catalog.resolve([target], trust=trust)
    return found


# Files


def test_what_a_file_says_comes_before_what_it_includes(tmp_path):
    (tmp_path / "a.yaml").write_text("task: a\ndescription: one\ntask_list: [x]\ntest_split: test\n")
    (tmp_path / "b.yaml").write_text("test_split: dev\n")
    (tmp_path / "c.yaml").write_text("include: [a.yaml, b.yaml]\ntask: c\n")
    file = yaml_files.read(tmp_path / "c.yaml")
    assert file.values == {"task": "c", "description": "one", "test_split": "dev"}
    assert [path.name for path in file.files] == ["c.yaml", "a.yaml", "b.yaml"]


def test_files_that_include_one_another_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("include: b.yaml\n")
    (tmp_path / "b.yaml").write_text("include: a.yaml\n")
    with pytest.raises(BadFile, match="includes it in turn"):
        yaml_files.read(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task: [1", "cannot be read as YAML"),
        ("- a\n- b\n", "one table of keys"),
        ("task: !!python/object/apply:os.system ['echo']\n", "cannot be read as YAML"),
        ("a: &a [1]\nb: [" + ", ".join(["*a"] * 1001) + "]\n", "refers to its own parts"),
        ("task: x\ninclude: gone.yaml\n", "included by"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(tmp_path, text, said):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(BadFile, match=said) as caught:
        yaml_files.read(tmp_path / "x.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
        "metadata: &m {version: 1, more: *m}\n",
    ],
)
def test_a_short_file_that_stands_for_a_very_long_one_is_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text("task: a\n" + text)
    with pytest.raises(BadFile, match="makes more than 1,000,000 values"):
        yaml_files.read(tmp_path / "a.yaml")


def test_a_device_is_no_file_and_a_path_that_is_none_is_told(tmp_path):
    for name in ("/dev/zero", '"a\\0b"'):
        (tmp_path / "a.yaml").write_text(f"task: a\ninclude: {name}\n")
        with pytest.raises(BadFile, match=r"is no file|cannot be read"):
            yaml_files.read(tmp_path / "a.yaml")


def test_a_function_is_named_and_not_touched(tmp_path):
    (tmp_path / "code.py").write_text("raise SystemExit('it ran')\n")
    (tmp_path / "x.yaml").write_text("process_docs: !function code.work\n")
    (function,) = yaml_files.functions(yaml_files.read(tmp_path / "x.yaml").values)
    assert (function.name, function.file) == ("code.work", tmp_path / "code.py")


# Names


def folder_of(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return index._of_folder(tmp_path)


def test_names_are_tasks_groups_and_tags(tmp_path):
    found = folder_of(
        tmp_path,
        a="task: one\ntag: both\n",
        b='"task": "two"\n"tag":\n  - both\n  - other\n',
        c="group: all\ntask: [one, two]\n",
        d="include: a.yaml\ntask: three # like one\n",
        e="dataset_path: json\n",
        f="task: [broken\n",
    )
    assert {name: entry.kind for name, entry in found.items()} == {
        "one": "task",
        "two": "task",
        "three": "task",
        "all": "group",
        "both": "tag",
        "other": "tag",
    }
    assert sorted(found["both"].tasks) == ["one", "three", "two"]


def test_all_names_of_the_installed_harness_are_found_as_it_finds_them():
    manager = pytest.importorskip("lm_eval.tasks").TaskManager()
    found = index.index(tuple(index.folders(None)))
    kinds = {"TASK": "task", "PY_TASK": "task", "GROUP": "group", "TAG": "tag"}
    theirs = {name: (kinds[entry.kind.name], entry.yaml_path) for name, entry in manager.task_index.items()}
    assert {name: (entry.kind, entry.path) for name, entry in found.items()} == theirs


def test_an_unknown_name_is_told_with_the_nearest(here, monkeypatch):
    monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(here / "tasks"))
    with pytest.raises(
        UnknownName, match=r"lm-eval:mc_plane is no task, group or tag here\. Nearest: lm-eval:mc_plain"
    ):
        catalog.resolve(["lm-eval:mc_plane"])


def test_a_pattern_and_a_tag_stand_for_several_benchmarks(here, monkeypatch):
    monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(here / "tasks"))
    both = ["lm-eval:mc_letters", "lm-eval:mc_letters_more"]
    assert [one.id for one in catalog.resolve(["lm-eval:letters"])] == both
    assert [one.id for one in catalog.resolve(["lm-eval:mc_letters*"])] == both


def test_a_group_whose_tasks_are_asked_in_different_ways_is_several_benchmarks(here):
    text = "group: mixed\naggregate_metric_list: [{metric: acc}]\ntask:\n"
    plain = {key: value for key, value in yaml_files.parse(BARE.encode(), Path("x")).items() if key != "task"}
    for name, output in (("a", "multiple_choice"), ("b", "generate_until")):
        text += "  - " + json.dumps({"task": name, **plain, "output_type": output, "doc_to_choice": None}) + "\n"
    text = text.replace('"doc_to_choice": null', '"doc_to_choice": "choices"')
    target = written(here, "mixed.yaml", base=text)
    assert [one.id for one in catalog.resolve([target])] == ["lm-eval:mixed::a", "lm-eval:mixed::b"]


def test_a_group_within_itself_is_refused(here, monkeypatch):
    folder = here / "turning"
    folder.mkdir(exist_ok=True)
    (folder / "x.yaml").write_text("group: turning\ntask: [turning]\n")
    monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(folder))
    with pytest.raises(UsageError, match="in itself"):
        catalog.resolve(["lm-eval:turning"])


# What is asked for


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "task: NAME"),
        ({"task": "a\nb\x1b[31m"}, "cannot be printed"),
        ({"task": "x", "doc_to_txet": "q"}, "the key `doc_to_txet` is not known"),
        ({"task": "x", "unsafe_code": True}, "runs the code that models write"),
        ({"task": "x", "doc_to_image": "image"}, "shows pictures"),
        ({"task": "x", "use_prompt": "promptsource:*"}, "promptsource"),
        ({"task": "x", "output_type": "guess"}, "output_type must be one of"),
        ({"task": "x", "num_fewshot": -1}, "num_fewshot must be a whole number from 0"),
        ({"task": "x", "process_docs": "utils.py"}, "process_docs must be a function"),
        ({"task": "x", "metric_list": ["acc"]}, "metric_list must be a list of tables"),
        ({"task": "x", "fewshot_config": {"sampel": 1}}, "the key `sampel`"),
    ],
)
def test_what_is_not_known_or_not_reproduced_is_refused(values, said):
    with pytest.raises(UsageError, match=said):
        config(values)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("metric_list: [{metric: rouge}]\n", "the metric rouge"),
        ("metric_list: [{metric: acc, aggregation: mode}]\n", "the aggregation mode is not reproduced"),
        ("metric_list: []\n", "metric_list is empty"),
        ("metric_list: [{metric: acc, aggregation: [mean]}]\n", "the aggregation .* is not reproduced"),
        ("filter_list: []\n", "filter_list is empty"),
        ("filter_list: [{name: x, filter: [take_first]}]\n", "filters on log-likelihoods"),
        ("filter_list: [{name: x, filter: [{function: lowercase}]}]\n", "filters on log-likelihoods"),
        ("fewshot_config: {sampler: balanced}\n", "the sampler balanced is not known"),
        ("process_docs: !function tasks.functions.only_gifts\n", "add --trust"),
    ],
)
def test_a_task_that_is_not_reproduced_is_told_before_its_data_are_read(here, more, said):
    target = written(here, "refused.yaml", more, BARE.replace("choices.jsonl", "gone.jsonl"))
    with pytest.raises(UsageError, match=said) as caught:
        catalog.resolve([target])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("filter_list: [{name: x, filter: [{function: [regex]}]}]\n", "is not reproduced"),
        ("filter_list: [{name: x, filter: [{function: regex, regex_pattern: '('}]}]\n", "cannot be made so"),
        ("filter_list: [{name: x, filter: [{function: regex, regex_pattern: 5}]}]\n", "cannot be made so"),
        ("metric_list: [{metric: exact_match, regexes_to_ignore: ['(']}]\n", "must be a list of patterns"),
        ("metric_list: [{metric: exact_match, regexes_to_ignore: 5}]\n", "must be a list of patterns"),
    ],
)
def test_a_pattern_that_is_none_is_told_before_anything_is_asked(here, more, said):
    base = BARE.replace("multiple_choice", "generate_until").replace("choices.jsonl", "gone.jsonl")
    with pytest.raises(UsageError, match=said):
        catalog.resolve([written(here, "patterns.yaml", more, base)])


def test_examples_that_are_no_documents_are_told(here):
    with pytest.raises(UsageError, match="samples must be a list of documents"):
        only(written(here, "examples.yaml", "fewshot_config: {samples: 7}\n")).dataset.pool("", 0)


def test_code_runs_only_where_it_is_trusted(here):
    (here / "marked.py").write_text(
        "from pathlib import Path\nPath('it_ran').touch()\n\ndef same(docs):\n    return docs\n"
    )
    target = written(here, "marked.yaml", "process_docs: !function marked.same\n")
    with pytest.raises(UsageError, match=r"bare: process_docs is the function same of .*marked\.py"):
        catalog.resolve([target])
    assert not (here / "it_ran").exists()
    only(target, trust=True)
    assert (here / "it_ran").exists()


def test_what_trusted_code_raises_is_one_line(here):
    (here / "failing.py").write_text("def work(docs):\n    raise KeyError('column')\n")
    with pytest.raises(UsageError, match="process_docs: work raised KeyError: 'column'"):
        only(written(here, "failing.yaml", "process_docs: !function failing.work\n"), trust=True)


def test_data_that_may_hold_code_are_not_read(here):
    base = BARE.replace("dataset_path: json", "dataset_path: pandas")
    with pytest.raises(UsageError, match="can hold code"):
        only(written(here, "pickled.yaml", base=base))


def test_missing_data_are_told_in_one_line(here):
    base = BARE.replace("choices.jsonl", "gone.jsonl")
    with pytest.raises(DataError, match="bare: the data json cannot be had") as caught:
        only(written(here, "missing.yaml", base=base))
    assert "\n" not in str(caught.value)


def test_a_missing_split_is_told_with_those_that_are_there(here):
    base = BARE.replace("test_split: test", "test_split: validation")
    with pytest.raises(DataError, match="no split validation; there are test"):
        only(written(here, "split.yaml", base=base))


# Templates


@pytest.mark.parametrize(
    ("template", "given"),
    [
        ("{{question}}\n", "bee\n"),
        ("{{ question | regex_replace('e+', 'x') }}", "bx"),
        ("{% if n > 1 %}many{% endif %}", "many"),
        ("{{ question * 3 }}", "beebeebee"),
    ],
)
def test_templates_are_filled(template, given):
    assert templates.render(template, {"question": "bee", "n": 2}, "here") == given


@pytest.mark.parametrize(
    "template",
    [
        "{{ gone }}",
        "{{ question.__class__.__mro__ }}",
        "{{ 'a' * 10**9 }}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ 1 / 0 }}",
        "{{ open",
        "{{ question.ljust(10**9) }}",
        "{{ question | center(10**9) }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ '{:>{}}'.format(1, 10**9) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (10**9, 1) }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ question.replace('', 'x' * 9000000) }}",
        "{{ question | regex_replace('(', '') }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_a_template_that_cannot_be_filled_is_one_line(template):
    with pytest.raises(UsageError, match="here: the template"):
        templates.render(template, {"question": "bee"}, "here")


class Picture:
    """As the library `datasets` gives one: its method writes a file wherever it is told to."""

    size = (1, 1)

    def save(self, path):
        Path(path).touch()


@pytest.mark.parametrize(
    "template",
    ["{{ image.save('written') }}", "{{ (image | attr('save'))('written') }}", "{{ images[0].save('written') }}"],
)
def test_a_template_calls_nothing_of_another_library(tmp_path, monkeypatch, template):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="unsafe"):
        templates.render(template, {"image": Picture(), "images": [Picture()]}, "here")
    assert not (tmp_path / "written").exists()


# Generation


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, Sampling(0.0, 256, stop=("\n\n",))),
        ({"max_gen_toks": 5}, Sampling(0.0, 5, stop=("\n\n",))),
        ({"until": "Q:", "do_sample": False, "temperature": 0.7}, Sampling(0.0, 256, stop=("Q:",))),
        ({"until": [], "temperature": 0.7}, Sampling(0.7, 256)),
        ({"until": ["", "x"], "do_sample": True, "top_p": 0.9}, Sampling(None, 256, 0.9, ("x",))),
        ({"until": [], "max_new_tokens": 3, "num_beams": 2}, Sampling(0.0, 3, extra={"num_beams": 2})),
    ],
)
def test_generation_follows_the_harnesss_defaults(given, wanted):
    assert sampling(config({"task": "x", "generation_kwargs": given})) == wanted


@pytest.mark.parametrize("given", [{"max_gen_toks": -5}, {"max_gen_toks": float("inf")}, {"temperature": float("nan")}])
def test_numbers_that_no_generation_can_have_are_refused(given):
    with pytest.raises(UsageError, match="generation_kwargs cannot be understood"):
        sampling(config({"task": "x", "generation_kwargs": given}))


def test_values_of_any_kind_come_back_from_rows_of_numbers():
    values = [1.5, [True, False], [], {"a": ["é", None]}, "文"]
    rows = [measures.packed(value) for value in values]
    assert measures.unpacked([number for row in rows for number in (len(row), *row)]) == values


# Benchmarks and runs


def test_the_protocol_is_named_lm_eval_and_ids_are_numbers_of_documents(here, tmp_path):
    run = sinan.run(written(here), "needle/xs", runs=tmp_path, limit=3, cache=False)
    (result,) = run.results
    assert (result.benchmark, result.protocol, result.metric) == ("lm-eval:bare", "lm-eval", "acc")
    assert [one.metric for one in result.further] == ["acc_norm"]
    assert sorted(row[0] for row in run.samples().project("sample_id").fetchall()) == ["0", "1", "2"]


def test_the_version_follows_the_file_what_it_includes_and_the_data(here):
    seen = set()
    for base, data in ((BARE, "1"), (BARE, "2"), (BARE.replace("{{question}}", "Q: {{question}}"), "2")):
        row = {"question": f"q{data}", "choices": ["a", "b"], "answer": 0}
        (here / "versioned.jsonl").write_text(json.dumps(row) + "\n")
        found = only(written(here, "versioned.yaml", base=base.replace("choices.jsonl", "versioned.jsonl")))
        seen.add(catalog.version(found, "default"))
    assert len(seen) == 3


def test_the_version_does_not_depend_on_where_the_files_are(here, monkeypatch):
    before = catalog.version(only(written(here)), "default")
    other = here / "elsewhere"
    other.mkdir(exist_ok=True)
    (other / "choices.jsonl").write_bytes((here / "choices.jsonl").read_bytes())
    (other / "bare.yaml").write_text(BARE)
    monkeypatch.chdir(other)
    assert catalog.version(only("lm-eval:bare.yaml"), "default") == before


def test_a_task_that_says_zero_shots_keeps_to_it(here, tmp_path):
    target = written(here, "zero.yaml", "num_fewshot: 0\nfewshot_split: test\n")
    run = sinan.run(target, "needle/xs", runs=tmp_path, limit=2, shots=3, cache=False)
    assert run.samples().project("shots").fetchall() == [("[]",)] * 2


def test_a_run_goes_on_and_is_scored_again_from_another_folder(here, tmp_path, monkeypatch):
    data = str(here / "choices.jsonl")
    target = written(here, "again.yaml", base=BARE.replace("choices.jsonl", data))
    runs = tmp_path / "runs"
    first = sinan.run(target, "needle/xs", runs=runs, limit=4, cache=False)
    monkeypatch.chdir(tmp_path)
    again = score_again(first.id, runs=runs).run
    assert again.results[0].estimate == first.results[0].estimate
    assert (
        sinan.run(f"lm-eval:{here}/again.yaml", "needle/xs", runs=runs, resume=first.id, limit=4).requests["sent"] == 0
    )


def test_the_command_line_runs_a_file_and_says_how_to_trust(here, tmp_path, capsys):
    code = _code(["run", "lm-eval:tasks/mc_true_mass.yaml", "-m", "needle/xs", "-n", "2", "--runs", str(tmp_path)])
    assert code == 2
    assert "add --trust" in capsys.readouterr().err
    asked = ["run", "lm-eval:tasks/mc_true_mass.yaml", "-m", "needle/xs", "-n", "2", "--trust", "--json", "--no-cache"]
    assert _code([*asked, "--runs", str(tmp_path)]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["metric"] == "acc" and row["outcomes"]["measured"] == 2


def test_a_group_names_its_tasks_as_groups(here, tmp_path, monkeypatch):
    monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(here / "tasks"))
    run = sinan.run("lm-eval:of_letters", "needle/xs", runs=tmp_path, shots=1, cache=False)
    (result,) = run.results
    assert [name for name, _ in result.groups] == ["mc_letters", "mc_letters_more"]
    sizes = [estimate.n for _, estimate in result.groups]
    by_size = sum(e.value * e.n for _, e in result.groups) / sum(sizes)
    assert result.estimate.value == pytest.approx(by_size)


def test_parts_say_what_they_are():
    assert repr(benchmark.TaskPrompt("x", {})) == "TaskPrompt('x', chat=False)"
    assert tree.Group("x", ()).tasks == []


def test_likelihoods_can_stand_behind_messages(here):
    written(here)
    protocols = only("lm-eval:bare.yaml").protocols
    assert list(protocols) == ["lm-eval", "default", "lm-eval-chat"]
    assert protocols["default"] is protocols["lm-eval"]


def test_a_folder_that_is_none_is_told(here, monkeypatch):
    monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(here / "nowhere"))
    with pytest.raises(UsageError, match="SINAN_LM_EVAL_TASKS"):
        catalog.resolve(["lm-eval:mc_plain"])


def test_rows_of_any_length_reach_a_function_whole(here, tmp_path):
    run = sinan.run("lm-eval:tasks/sums_measured.yaml", "needle/xs", runs=tmp_path, trust=True, cache=False)
    (result,) = run.results
    numbers = {one.metric: one.estimate for one in result.further}
    assert numbers["flags"].n == numbers["pair"].n == 10
    assert numbers["flags"].value is not None and numbers["flags"].stderr is None
