"""Prices: whose word comes first, what is never guessed, and a list whose every line says where it is from."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan import settings
from sinan.errors import UsageError
from sinan.models import open_model
from sinan.models.prices import listed, price_of
from sinan.types.price import FREE, LongPrompts, Price

OFFICIAL = "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """No setting and no key of whoever runs this."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-real-one")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    settings._file.cache_clear()
    yield
    settings._file.cache_clear()


def configured(tmp_path, text):
    (tmp_path / "sinan.toml").write_text(text)
    settings._file.cache_clear()


def price(spec):
    return price_of(open_model(spec))


def test_a_listed_model_has_its_price_at_its_own_address_only():
    line = next(line for line in listed().lines if line.host == "api.openai.com" and line.also)
    assert price(f"openai/{line.model}") == line.price
    assert price(f"openai/{line.also[0]}") == line.price
    assert price(f"openai/{line.model}?base_url=https://API.openai.com/v1/") == line.price
    assert price(f"openai/{line.model}?base_url=http://127.0.0.1:8000/v1") is None


@pytest.mark.parametrize("name", ["no-such-model", "gpt-4o-2031-01-01", "gpt-4o-mini-extra", "GPT-4O"])
def test_a_name_that_is_not_listed_has_no_price_however_near_it_is(name):
    assert price(f"openai/{name}") is None


def test_a_model_on_this_machine_is_free():
    assert price("needle/xs") == FREE


def test_sinan_toml_comes_before_the_list_and_the_models_own_options_before_both(tmp_path):
    configured(tmp_path, '[prices."openai/gpt-4o"]\ninput = 7\noutput = 8.5\n')
    assert price("openai/gpt-4o") == Price(7.0, 8.5)
    assert price("openai/gpt-4o?base_url=http://127.0.0.1:8000/v1") == Price(7.0, 8.5)
    assert price("openai/gpt-4o?price_in=1&price_out=2") == Price(1.0, 2.0)
    assert price("openai/gpt-4o?price_in=0&price_out=0") == FREE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[prices."openai/a"]\ninput = 1\n', "needs input and output"),
        ('[prices."openai/a"]\ninput = 1\noutput = 2\ncached = 1\n', "needs input and output"),
        ('[prices."openai/a"]\ninput = -1\noutput = 2\n', "input must be a number from 0"),
        ('[prices."openai/a"]\ninput = "1"\noutput = 2\n', "input must be a number from 0"),
        ('[prices."openai/a"]\ninput = 1\noutput = true\n', "output must be a number from 0"),
        ('[prices."openai/a"]\ninput = 1\noutput = nan\n', "output must be a number from 0"),
        ('[prices]\n"openai/a" = 1\n', "needs input and output"),
        ("[prices.openai.a]\ninput = 1\noutput = 2\n", "needs input and output"),
        ("prices = 3\n", "prices must be tables"),
    ],
)
def test_a_broken_price_names_the_file_and_the_entry(tmp_path, text, said):
    configured(tmp_path, text)
    with pytest.raises(UsageError, match=said) as error:
        settings.load()
    assert str(tmp_path / "sinan.toml") in str(error.value)
    assert "prices" in str(error.value)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.floats(0, 1e3), st.floats(0, 1e3))
def test_cost_is_linear_in_the_tokens(tokens_in, tokens_out, input_usd, output_usd):
    per_million = Price(input_usd, output_usd)
    assert per_million.cost(tokens_in, tokens_out) == pytest.approx(
        (tokens_in * input_usd + tokens_out * output_usd) / 1e6
    )


def test_a_long_prompt_costs_more_for_the_whole_request():
    tiered = Price(1.0, 2.0, LongPrompts(100, 3.0, 4.0))
    assert tiered.cost(100, 10) == pytest.approx(120e-6)
    assert tiered.cost(101, 10) == pytest.approx(343e-6)


def test_the_list_is_sorted_dated_and_every_line_names_sources_that_are_there():
    known = listed()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", known.date)
    assert all(re.search(r"\d{4}-\d{2}-\d{2}", where) for where in known.sources.values())
    assert [(line.host, line.model) for line in known.lines] == sorted((line.host, line.model) for line in known.lines)
    for line in known.lines:
        assert set(line.source.split(" + ")) <= set(known.sources), line
        assert 0 < line.price.input_usd <= line.price.output_usd < 1000, line
        assert all(name.startswith(line.model + "-") for name in line.also), line
        if long := line.price.long:
            assert long.over >= 100_000 and long.input_usd > line.price.input_usd, line
    names = [(line.host, name) for line in known.lines for name in (line.model, *line.also)]
    assert len(names) == len(set(names))


def test_the_command_shows_what_sinan_toml_says_first(tmp_path):
    configured(tmp_path, '[prices."openai/mine"]\ninput = 0.5\noutput = 1.25\n')

    def sinan(*arguments):
        command = [sys.executable, "-m", "sinan", "models", "--prices", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    shown = json.loads(sinan("--json"))
    first, *rest = shown["prices"]
    assert (first["model"], first["input_usd"], first["output_usd"], first["source"]) == (
        "openai/mine",
        0.5,
        1.25,
        "sinan.toml",
    )
    assert len(rest) == len(listed().lines)
    assert shown["date"] == listed().date and shown["sources"]
    table = sinan()
    assert "openai/mine" in table and rest[-1]["model"] in table and listed().date in table
