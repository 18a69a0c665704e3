"""Every protocol of every benchmark asks a base model in text and a chat model in messages; examples are shown."""

import pytest

from sinan import catalog
from sinan.adapted import adapted
from sinan.engine import plan
from sinan.types import RunSpec

ELSEWHERE = {"bfcl_further", "m_ifeval", "mbpp"}
"""Not all of their files are among the pinned data beside the project: tests of their own ask made-up rows."""
AT_HAND = {"mbxp": "mbxp/javascript", "multilingual_humaneval": "multilingual_humaneval/javascript"}
"""Of several programming languages, the one whose rows and whose interpreter are here."""
NAMES = [AT_HAND.get(name, name) for name in catalog.names() if name not in ELSEWHERE]
PROTOCOLS = [(name, protocol) for name in NAMES for protocol in catalog.load(name).protocols]

pytestmark = pytest.mark.usefixtures("mirrored")


def spec(**how):
    return RunSpec(targets=("any",), models=("fake/one",), limit=1, **how)


@pytest.mark.parametrize("form", ["base", "chat"])
@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_a_protocol_asks_both_forms(name, protocol, form):
    benchmark = adapted(catalog.load(name), spec(protocol=protocol))
    chosen = benchmark.protocols[protocol]
    subset, sample = next(plan.samples(benchmark, spec()))
    prompt = chosen.prompt(sample, form, plan.shots(benchmark, chosen, 0, subset, sample))
    assert (chosen.solver.needs == "loglikelihood") == bool(prompt.continuations)
    assert (chosen.solver.needs == "rolling") == prompt.rolling
    in_messages = form == "chat" or bool(sample.images)
    if not in_messages:
        assert prompt.text and not prompt.messages
    elif chosen.solver.needs == "generate":
        assert prompt.messages and not prompt.text
        assert prompt.messages[-1].role == "user" or prompt.prefill
        assert [m.role for m in prompt.messages if m.role != "system"][::2] == ["user"] * (
            (len(prompt.messages) + 1) // 2
        )
    if prompt.continuations:
        assert len(prompt.continuations) == (len(sample.choices) or 1)
    sampling = plan.sampling(chosen, form, {})
    if chosen.solver.needs == "generate":
        assert sampling.max_tokens
        assert form == "chat" or sampling.stop or not prompt.text, "text must be told where to stop"


@pytest.mark.parametrize("form", ["base", "chat"])
@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_worked_examples_come_with_their_answers_in_both_forms(name, protocol, form):
    benchmark = adapted(catalog.load(name), spec(protocol=protocol))
    subset, sample = next(plan.samples(benchmark, spec()))
    if not benchmark.dataset.pool(subset, 0):
        return
    chosen = plan.protocol(benchmark, spec(protocol=protocol, shots=2))
    shown = plan.shots(benchmark, chosen, 0, subset, sample)
    prompt = chosen.prompt(sample, form, shown)
    text = prompt.text or "\n".join(str(message.content) for message in prompt.messages)
    assert all(example.question in text for example in shown)
    assert len(text) > len(str(chosen.prompt(sample, form, ()).text))
