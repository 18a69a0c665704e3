"""The Great Gatsby, read as text: how surprised is the model by a novel, word by word?

    F. Scott Fitzgerald, The Great Gatsby (1925); the text of Project Gutenberg, eBook 64317.

A section of the text (made up) is a sample; a base model reads it whole and nothing is asked:
    The lamp went out. Somebody laughed in the dark, and then the whole house was still.
"""

from collections.abc import Iterator, Sequence

from sinan.datasets import fetch, pinned
from sinan.prompts import InContext
from sinan.scoring import Rolling as Perplexities
from sinan.solving import Rolling
from sinan.statistics.averages import bits_per_byte, weighted_perplexity
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample

REPO, REVISION = "UKGovernmentBEIS/inspect_ai", "499e6152e7b8fc8cbd8ac5283536572aa6e4ab17"
SOURCE = pinned(REPO, REVISION, "tests/model/gatsby.txt")
SECTION = 2_000
"""Characters after which a section ends with its paragraph: near 500 tokens, a context that small models have."""


def paragraphs() -> Iterator[str]:
    """The novel's paragraphs without the frame that the edition puts around them; lines are joined."""
    text = fetch(SOURCE).read_text("utf-8").replace("\r\n", "\n")
    novel = text.partition("GATSBY ***\n")[2].partition("*** END OF")[0]
    for block in novel.split("\n\n"):
        paragraph = " ".join(block.split())
        if len(paragraph) > 40:  # neither the table of contents nor the number of a chapter
            yield paragraph


def _sections() -> Iterator[Sample]:
    section: list[str] = []
    number = 0
    for paragraph in paragraphs():
        section.append(paragraph)
        if sum(map(len, section)) >= SECTION:
            yield _sample(number, section)
            section, number = [], number + 1
    if section:
        yield _sample(number, section)


def _sample(number: int, section: Sequence[str]) -> Sample:
    return Sample(str(number), "", "\n\n".join(section))


def benchmark() -> Benchmark:
    """Perplexity of each word over all sections, and the same for bytes, which no tokenizer moves."""
    words, bytes_ = (weighted_perplexity.named(name, name) for name in ("word_perplexity", "byte_perplexity"))
    metrics = (words, bytes_, bits_per_byte.named("bits_per_byte", "bits_per_byte"))
    rolling = Protocol(InContext("rolling"), Rolling(), Perplexities(), metrics=metrics)
    return Benchmark(
        id="gatsby",
        card=Card(
            title="The Great Gatsby",
            measures="Perplexity of a novel: how well a model predicts English prose.",
            dimension="language",
            languages=("en",),
            licence="public domain",
            source=f"https://github.com/{REPO}",
            note="Every model has read it. Lower is better; compare models of different tokenizers by bytes or words, "
            "never by tokens.",
        ),
        dataset=Dataset(read=lambda subset, seed: _sections(), size=117, sources=lambda subset: (SOURCE,)),
        metric=words,
        protocols={"default": rolling, "lm-eval": rolling},
    )
