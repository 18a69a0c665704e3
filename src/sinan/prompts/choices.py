"""Asking for the letter of an option: the one wording that benchmarks share."""

from sinan.prompts.template import Template

LETTERED = "{question}\n{options}\n"

ASK_LETTER = Template(
    base="Question: " + LETTERED + "Answer:",
    chat=LETTERED + "\nAnswer with the letter of the right option. End with a line `ANSWER: X`.",
)
"""A model that continues text is led to the letter; a chat model may think first and marks its answer."""

THINK_LETTER = Template(
    base="Question: " + LETTERED + "Think step by step and end with a line `ANSWER: X`, X the letter.\nAnswer:",
    chat=LETTERED + "\nThink step by step. End with a line `ANSWER: X`, where X is the letter of the right option.",
    answer=" ANSWER: {target}",
)
"""A chain of thought before the letter. Worked examples have no thoughts to show, and give the last line alone."""
