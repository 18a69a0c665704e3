"""POPE: is there such a thing in the picture? Yes and no by halves, over pictures of COCO val2014.

    Li et al., Evaluating Object Hallucination in Large Vision-Language Models, arXiv:2305.10355 (2023).

A row of coco_pope_random.json, one a line (made up):
    {"question_id": 1, "image": "COCO_val2014_000000000001.jpg", "text": "Is there a kite in the image?", "label": "no"}
"""

from collections.abc import Iterator

from sinan.datasets import fetch, listed, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import Template
from sinan.scoring import Pope, YesNo
from sinan.solving import Recorded
from sinan.statistics.agreement import YES_NO
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "AoiDragon/POPE", "08d957b917e5a378a2f99d35b6293c536a66298b"


def _source(subset: str) -> Source:
    return pinned(REPO, REVISION, f"output/coco/coco_pope_{subset}.json")


def _rows(subset: str) -> Iterator[Sample]:
    for row in jsonl(fetch(_source(subset))):
        number, image = row.fields["question_id"], row.fields["image"]
        metadata = {"question_id": number, "image": image}
        about = row.fields["text"], row.fields["label"]
        yield Sample(f"{subset}/{number}", *about, group=subset, metadata=metadata, cluster=image)


SHORT = Sampling(max_tokens=64, stop=("\n",))


def benchmark() -> Benchmark:
    """For recorded answers. The default reads as published, where whatever does not deny is a yes; `words` takes only
    an answer that begins with yes or no, or marks it."""
    subsets = listed(REPO, REVISION, "output/coco/coco_pope_", ".json")
    return Benchmark(
        id="pope",
        card=Card(
            title="POPE",
            measures="Whether a model sees things that are not there.",
            dimension="hallucination",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2305.10355",
            modality="image",
            chance=0.5,
            note="The pictures are not among the files: recorded answers are judged, with `sinan score FILE`.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: _rows(subset),
            subsets=subsets,
            size=6000,
            sources=lambda subset: (_source(subset),),
        ),
        metric=accuracy,
        protocols={
            "default": Protocol(Template(), Recorded(), Pope(), SHORT, metrics=YES_NO),
            "words": Protocol(Template(), Recorded(), YesNo(), SHORT, metrics=YES_NO),
        },
    )
