"""What the questions of a file share, as far as its columns tell: a passage, a dialogue, a picture.

A column that is called so says it. Else a picture, or a text called `context`, that more than one question in twenty
shares with another does. Else `group`, where it is too fine to be a subject: ten groups or more, of ten questions at
most on average.
"""

from array import array
from collections import Counter
from dataclasses import dataclass, field

from sinan.types import Sample
from sinan.types.sample import shared_by

COLUMNS = (
    "cluster",
    "cluster_id",
    "passage_id",
    "passage",
    "context_id",
    "dialogue_id",
    "dialog_id",
    "conversation_id",
    "story_id",
    "article_id",
    "document_id",
    "video",
    "video_id",
    "image_id",
    "template_id",
    "template",
)
"""In the order in which they are looked for."""
ONE_IN = 20
MANY_GROUPS, SMALL_GROUP = 10, 10


@dataclass
class Seen:
    """What was seen of the rows so far; eight bytes for each row and column that may be shared."""

    rows: int = 0
    hashes: "dict[str, array[int]]" = field(default_factory=dict)

    def add(self, sample: Sample) -> None:
        """One row."""
        self.rows += 1
        names = [name for name in COLUMNS if name in sample.metadata]
        names += [name for name, there in (("image", sample.images), ("group", sample.group)) if there]
        if isinstance(sample.metadata.get("context"), str):
            names.append("context")
        for name in names:
            if value := shared_by(sample, name):
                self.hashes.setdefault(name, array("q")).append(hash(value))

    def chosen(self) -> tuple[str, str]:
        """The column that says what is shared, and why it was taken, in words; both empty where nothing is."""
        for name in COLUMNS:
            if name in self.hashes and _sharing(self.hashes[name]):
                return name, f"questions with the same `{name}`"
        for name in ("image", "context"):
            if name in self.hashes and ONE_IN * _sharing(self.hashes[name]) > self.rows:
                return name, f"questions with the same `{name}`"
        groups = set(self.hashes.get("group", ()))
        if len(groups) >= MANY_GROUPS and len(groups) < self.rows <= SMALL_GROUP * len(groups):
            return "group", f"questions of the same `group` ({len(groups)}, too many and too small for subjects)"
        return "", ""


def _sharing(hashes: "array[int]") -> int:
    """Rows whose value another row has as well."""
    return sum(count for count in Counter(hashes).values() if count > 1)
