"""The instruction of a prompt in other words, or in the other language; the question stays as it is.

Known are the instructions that sinan's own protocols give. What marks the answer (`ANSWER: X`) stays, so that every
form is read by the same rules. A prompt in none of these words is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sinan.types import Form, Message, Prompt, PromptBuilder, Sample, Text
from sinan.types.message import Part

KINDS = ("paraphrase", "language")
INSTRUCTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "Answer with the letter of the right option. End with a line `ANSWER: X`.",
        "Choose the one option that is right and name it by its letter. The last line must read `ANSWER: X`.",
        "请选出正确的选项，用字母作答。最后一行写 `ANSWER: X`。",
    ),
    (
        "Think step by step. End with a line `ANSWER: X`, where X is the letter of the right option.",
        "Work through it one step at a time. The last line must read `ANSWER: X`, X being the right option's letter.",
        "请一步一步思考。最后一行写 `ANSWER: X`，其中 X 为正确选项的字母。",
    ),
    (
        "Think step by step and end with a line `ANSWER: X`, X the letter.",
        "Work through it one step at a time; the last line must read `ANSWER: X`, X the letter.",
        "请一步一步思考，最后一行写 `ANSWER: X`，X 为字母。",
    ),
    (
        "Think step by step. End with a line `ANSWER: X`, X a letter.",
        "Work through it one step at a time. The last line must read `ANSWER: X`, X a letter.",
        "请一步一步思考。最后一行写 `ANSWER: X`，X 为字母。",
    ),
    (
        "Think step by step. End with a line `ANSWER: X`, X the number or expression.",
        "Work through it one step at a time. The last line must read `ANSWER: X`, X the number or expression.",
        "请一步一步思考。最后一行写 `ANSWER: X`，X 为数或表达式。",
    ),
    (
        "Think step by step. Put the final answer, a number, on the last line: `ANSWER: number`.",
        "Work through it one step at a time. The last line must give the result, a number: `ANSWER: number`.",
        "请一步一步思考。最后一行给出最终结果（一个数）：`ANSWER: number`。",
    ),
    (
        "End with a line `ANSWER: X`, where X is the answer as a number.",
        "The last line must read `ANSWER: X`, X being the answer as a number.",
        "最后一行写 `ANSWER: X`，其中 X 为答案，写成一个数。",
    ),
    (
        "End with a line `ANSWER: X`, where X is the answer and nothing else.",
        "The last line must read `ANSWER: X`, X being the answer alone.",
        "最后一行写 `ANSWER: X`，其中 X 只为答案本身。",
    ),
    (
        "Answer with true or false. End with a line `ANSWER: true` or `ANSWER: false`.",
        "Say whether it is true or false. The last line must read `ANSWER: true` or `ANSWER: false`.",
        "请回答 true 或 false。最后一行写 `ANSWER: true` 或 `ANSWER: false`。",
    ),
    (
        "Please reason step by step, and put your final answer within \\boxed{}.",
        "Work through it one step at a time, and give the final answer inside \\boxed{}.",
        "请逐步推理，并将最终答案放在 \\boxed{} 中。",
    ),
    (
        "请选出正确答案，最后一行写“答案：X”，X 为选项字母。",
        "请从各选项中选出正确的一项，并在最后一行写“答案：X”，X 为该选项的字母。",
        "Choose the right answer. End with a line `答案：X`, where X is the letter of the option.",
    ),
    (
        "请一步一步思考，选出正确答案，最后一行写“答案：X”，X 为选项字母。",
        "请逐步推理后再作答，并在最后一行写“答案：X”，X 为所选选项的字母。",
        "Think step by step and choose the right answer. End with a line `答案：X`, X the option's letter.",
    ),
    ("只回答结果，写在一行里。", "请只写出结果，且写成一行。", "Answer with the result alone, on one line."),
)
"""Each in its own words, in others, and in the other language (English or Chinese)."""


@dataclass(frozen=True)
class Reworded:
    """The prompts of `inner`; of a sample that is the form `paraphrase` or `language` with the instruction changed."""

    inner: PromptBuilder

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt."""
        prompt = self.inner(sample, form, shots)
        if sample.form not in KINDS:
            return prompt
        return in_other_words(prompt, sample.form)


def in_other_words(prompt: Prompt, kind: str = "paraphrase") -> Prompt:
    """The prompt with its instruction changed, where that is known."""
    to = 1 + KINDS.index(kind)
    if not prompt.messages:
        return replace(prompt, text=_changed(prompt.text, to))
    return replace(prompt, messages=tuple(_message(one, to) for one in prompt.messages))


def _message(message: Message, to: int) -> Message:
    if message.role == "assistant":
        return message
    if isinstance(message.content, str):
        return replace(message, content=_changed(message.content, to))
    parts: tuple[Part, ...] = tuple(
        Text(_changed(part.text, to)) if isinstance(part, Text) else part for part in message.content
    )
    return replace(message, content=parts)


def _changed(text: str, to: int) -> str:
    for known in INSTRUCTIONS:
        text = text.replace(known[0], known[to])
    return text
