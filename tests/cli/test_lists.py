"""`sinan hub`, `sinan models` and `sinan doctor`: what they list, in the contract's JSON, and what they refuse."""

import json
import shutil

import pytest

from tests import in_process

LINE = {"name", "available", "detail", "remedy"}
ENTRY = {
    "id",
    "title",
    "dimension",
    "languages",
    "modality",
    "samples",
    "licence",
    "paper",
    "source",
    "version",
    "data",
}


@pytest.fixture
def sinan(tmp_path):
    """Runs the program in an empty folder, with an empty cache and without any setting of the user."""
    home = {"SINAN_CACHE": str(tmp_path / "cache"), "XDG_CONFIG_HOME": str(tmp_path / "config"), "OPENAI_API_KEY": None}
    # A proxy on a closed port: whether data can be fetched must not depend on the machine.
    proxy = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}

    def run(*arguments, code=0, **more):
        found, out, err = in_process.sinan(tmp_path, *arguments, env=home | proxy | more)
        assert found == code, out + err
        return err if code else out

    return run


def test_hub_list_gives_the_contracts_json(sinan):
    rows = json.loads(sinan("hub", "list", "--json"))["benchmarks"]
    assert {"arithmetic", "gsm8k", "mmlu", "ceval"} <= {row["id"] for row in rows}
    for row in rows:
        assert set(row) == ENTRY
        assert row["data"] in ("here", "mirror", "fetchable", "missing")
        assert row["title"] and row["licence"] and row["languages"]


def test_hub_list_tells_where_data_is(sinan, tmp_path):
    state = {row["id"]: row["data"] for row in json.loads(sinan("hub", "list", "--json"))["benchmarks"]}
    assert state["arithmetic"] == "here"
    assert state["gsm8k"] == "missing"

    from sinan import catalog

    mirror = tmp_path / "mirror"
    mirror.mkdir()
    sums = [f"{source.sha256}  {number}" for number, source in enumerate(catalog.load("gsm8k").dataset.files)]
    (mirror / "SHA256SUMS").write_text("\n".join(sums))
    rows = json.loads(sinan("hub", "list", "--json", SINAN_MIRROR=str(mirror)))["benchmarks"]
    state = {row["id"]: row["data"] for row in rows}
    assert state["gsm8k"] == "mirror"
    assert state["mmlu"] == "missing"


def test_hub_list_filters_and_suggests(sinan):
    rows = json.loads(sinan("hub", "list", "--language", "zh", "--json"))["benchmarks"]
    assert rows and all("zh" in row["languages"] for row in rows)
    rows = json.loads(sinan("hub", "list", "--dimension", "math", "--json"))["benchmarks"]
    assert rows and all(row["dimension"] == "math" for row in rows)
    assert "Nearest: math" in sinan("hub", "list", "--dimension", "maths", code=2)


def test_hub_list_is_a_table_without_colours_where_no_terminal_is(sinan):
    told = sinan("hub", "list")
    assert "arithmetic" in told
    assert "suite first-light: arithmetic" in told
    assert "\x1b" not in told


def test_hub_show_gives_the_card_and_a_question_as_it_is_asked(sinan):
    card = json.loads(sinan("hub", "show", "arithmetic", "--json"))
    assert card.keys() > ENTRY
    assert card["protocols"][0]["name"] == "default"
    assert card["example"]["prompt"][0]["content"].startswith("What is")
    told = sinan("hub", "show", "arithmetic")
    assert "as it is asked" in told and "sinan run arithmetic" in told


def test_hub_show_names_files_and_gives_no_example_of_data_that_is_not_here(sinan):
    card = json.loads(sinan("hub", "show", "gsm8k", "--json"))
    assert card["example"] is None
    assert {"repo", "revision", "path", "sha256", "url"} == set(card["sources"][0])


def test_hub_show_of_every_benchmark_prints(sinan):
    for name in ("mmlu", "bbh", "math_vision", "ceval", "logic"):
        assert name in sinan("hub", "show", name)


def test_hub_show_suggests_the_nearest_name(sinan):
    assert "Nearest: gsm8k" in sinan("hub", "show", "gsm9k", code=2)
    assert "is a suite" in sinan("hub", "show", "first-light", code=2)


def test_models_lists_providers_and_bundled_models(sinan):
    lines = json.loads(sinan("models", "--json"))
    assert all(set(line) == LINE for line in lines)
    state = {line["name"]: line["available"] for line in lines}
    assert state["openai"] is False
    assert all(state[f"needle/{size}"] for size in ("xs", "s", "m"))
    lines = json.loads(sinan("models", "--json", OPENAI_API_KEY="sk-test-secret"))
    assert {line["name"]: line["available"] for line in lines}["openai"] is True
    assert "sk-test-secret" not in json.dumps(lines)
    assert "needle/m" in sinan("models")


def test_doctor_gives_a_line_for_everything_and_a_remedy_for_what_is_missing(sinan):
    lines = json.loads(sinan("doctor", "--offline", "--json"))
    assert all(set(line) == LINE for line in lines)
    names = {line["name"] for line in lines}
    assert {"python", "libraries", "matplotlib", "torch", "cache", "runs", "mirror", "accelerator"} <= names
    assert "data source" not in names
    assert all(line["remedy"] for line in lines if not line["available"])


def test_doctor_never_shows_a_key(sinan, tmp_path):
    (tmp_path / "sinan.toml").write_text('[keys]\nOTHER_KEY = "sk-secret-1"\n')
    told = sinan("doctor", "--offline", OPENAI_API_KEY="sk-secret-2")
    assert "OTHER_KEY" in told and "set in the environment" in told
    assert "sk-secret" not in told


def test_doctor_says_when_the_source_cannot_be_reached(sinan):
    source = next(line for line in json.loads(sinan("doctor", "--json")) if line["name"] == "data source")
    assert not source["available"]
    assert "SINAN_MIRROR" in source["remedy"]


def test_doctor_ends_with_1_where_a_run_cannot_be_written(sinan, tmp_path):
    (tmp_path / "file").write_text("")
    sinan("doctor", "--offline", "--runs", str(tmp_path / "file"), code=1)
    sinan("doctor", "--offline", code=1, SINAN_CACHE=str(tmp_path / "file"))


def test_doctor_reports_a_mirror_that_is_not_there(sinan):
    lines = json.loads(sinan("doctor", "--offline", "--json", SINAN_MIRROR="/nowhere"))
    mirror = next(line for line in lines if line["name"] == "mirror")
    assert not mirror["available"] and "/nowhere" in mirror["detail"]


def test_settings_that_cannot_be_read_are_one_line(sinan, tmp_path):
    (tmp_path / "sinan.toml").write_text("keys = [")
    assert "sinan.toml" in sinan("doctor", "--offline", code=2)


def test_doctor_looks_for_every_library_that_the_package_needs():
    import re
    import tomllib
    from pathlib import Path

    from sinan.hub.machine import NEEDED

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert [re.match(r"[a-z]+", line)[0] for line in project["dependencies"]] == list(NEEDED)


def test_doctor_looks_for_every_library_of_the_scorers_and_the_site():
    import re
    import tomllib
    from pathlib import Path

    from sinan.hub.machine import EXTRAS

    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    extras = extras["optional-dependencies"]
    scorers = [name for name in EXTRAS if name not in ("serve", "postgres")]
    assert extras["scoring"] == [f"sinan[{','.join(scorers)}]"]
    for name, (_, modules) in EXTRAS.items():
        assert sorted(re.match(r"[^>]+", line)[0] for line in extras[name]) == sorted(modules.values())


def test_doctor_says_in_which_languages_programs_are_judged(sinan, tmp_path):
    hidden = tmp_path / "node"
    hidden.write_text("#!/bin/sh\n")
    hidden.chmod(0o755)
    lines = json.loads(sinan("doctor", "--offline", "--json", PATH=f"{tmp_path}:/nowhere"))
    programs = next(line for line in lines if line["name"] == "programs")
    assert "judged here: python" in programs["detail"]
    assert ("javascript (node" in programs["detail"]) == (shutil.which("node", path="/usr/local/bin:/usr/bin") is None)


@pytest.mark.parametrize(
    ("name", "metric", "command"),
    [
        ("ifeval", "prompt_level_strict_acc", "sinan run ifeval -m needle/s"),
        ("advbench", "refusal_rate", "sinan run advbench -m needle/s"),
        ("mt_bench", "score", "sinan run mt_bench -m needle/s --judge openai/JUDGE"),
        ("pope", "accuracy", "sinan score FILE --benchmark pope"),
        ("bfcl_multi_turn", "accuracy", "sinan score FILE --benchmark bfcl_multi_turn"),
        ("math_vision", "accuracy", "sinan run math_vision -m openai/NAME"),
    ],
)
def test_hub_show_names_what_is_reported_and_a_command_that_can_be_run(sinan, name, metric, command):
    card = json.loads(sinan("hub", "show", name, "--json"))
    assert (card["metrics"][0], card["run"]) == (metric, command)
    told = sinan("hub", "show", name)
    assert command in told and f"{metric}" in told


def test_hub_show_names_a_scorer_without_its_prompts(sinan):
    told = sinan("hub", "show", "alpaca_eval")
    assert "Judged(Pairwise())" in " ".join(told.split()) and "You compare two answers" not in told
