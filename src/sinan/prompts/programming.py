"""How a program is asked for, as the sample's metadata say (`asks`, from `datasets.programs`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sinan.prompts.template import Template
from sinan.types import Form, Prompt, Sample

ENDS = ("\nclass", "\ndef", "\n#", "\n//", "\n/*", "\nif", "\nprint", "\nfunction", "\nfunc ", "\nsub ", "\nconsole.")
"""Where a continuation of a function's head ends, in any language: before what begins at the margin and is another."""
_ALONE = "Answer with one ```{language} block that holds the whole program, and with no other block."
_TEMPLATES: dict[str, Template] = {
    "continue": Template(
        base="{question}",
        chat="Complete the following function. Answer with one ```{language} block that holds the whole function with "
        "everything it needs.\n\n```{language}\n{question}\n```",
    ),
    "describe": Template(
        base="Task: {question}\nTests:\n{tests_shown}\nProgram:\n",
        answer="{target}\n[DONE]",
        chat="{question}\n\nThe program has to pass these tests:\n\n```{language}\n{tests_shown}\n```\n\n" + _ALONE,
    ),
    "read and write": Template(
        base="Task: {question}\nA {language} program that reads standard input and writes standard output:\n",
        chat="{question}\n\nWrite a program in {language} that reads standard input and writes the answer, and nothing "
        "else, to standard output. " + _ALONE,
    ),
    "method": Template(
        base="Task: {question}\n{starter_code}",
        chat="{question}\n\nComplete this:\n\n```{language}\n{starter_code}\n```\n\n" + _ALONE,
    ),
    "function": Template(
        base="Task: {question}\nA Python function `{call}`:\n",
        chat="{question}\n\nWrite a function `{call}` in {language}. " + _ALONE,
    ),
}


@dataclass(frozen=True)
class Programming:
    """Asks for a program; worked examples are those of the task in words."""

    templates: Mapping[str, Template] = field(default_factory=lambda: dict(_TEMPLATES))

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt."""
        template = self.templates[_kind(sample.metadata)]
        if form == "chat":
            template = replace(template, answer="```{language}\n{target}\n```")
        return template(sample, form, shots)


def _kind(metadata: Mapping[str, Any]) -> str:
    asks = str(metadata.get("asks", "continue"))
    return "function" if asks == "method" and not metadata.get("starter_code") else asks
