"""One task: its documents as samples, with question, choices and gold as lm-evaluation-harness reads them.

`doc_to_text`, `doc_to_target` and `doc_to_choice` are the name of a column, a template, a value, or a function. Where
the first document's text is a number, the choices are what stands before one and the same target (partial
evaluation); where its target is a list, any of several answers is right.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sinan.errors import UsageError
from sinan.lm_eval import data, templates
from sinan.lm_eval.config import Config
from sinan.lm_eval.functions import called, loaded
from sinan.lm_eval.yaml_files import Function
from sinan.prompts import InContext
from sinan.prompts.few_shot import replayed
from sinan.prompts.in_context import Asks
from sinan.types import Sample

Doc = Mapping[str, Any]

SAMPLERS = ("default", "first_n")


class Task:
    """A task whose functions are loaded, and whose data are not read before they are asked for."""

    def __init__(self, config: Config, files: Sequence[Path], trust: bool) -> None:
        """Raises UsageError where code would have to run that nobody trusts."""
        self.config, self.files, self.trust = config, tuple(files), trust
        if config.shots.sampler not in SAMPLERS:
            raise UsageError(
                f"{self.name}: the sampler {config.shots.sampler} is not known; there are {', '.join(SAMPLERS)}"
            )
        self._ways = {one: self._way(one, getattr(config, one)) for one in _WAYS}
        self._shot_ways = {one: self._way(one, getattr(config.shots, one)) for one in _WAYS}
        self._process = self._function("process_docs", config.process_docs)
        self._process_shots = self._function("fewshot_config process_docs", config.shots.process_docs)
        if isinstance(config.shots.samples, Function):
            self._function("fewshot_config samples", config.shots.samples)

    @property
    def name(self) -> str:
        """As in the file."""
        return self.config.task

    @cached_property
    def splits(self) -> data.Splits:
        """The data as they are, by split."""
        return data.splits(self.config, self.trust)

    @cached_property
    def documents(self) -> Sequence[Doc]:
        """What is asked, in order: the test split, or else the validation split."""
        name = self.config.test_split or self.config.validation_split
        if not name:
            raise UsageError(f"{self.name}: it has neither test_split nor validation_split, so nothing can be asked")
        documents = self._split(name, self._process)
        if not len(documents):
            raise UsageError(f"{self.name}: its split {name} is empty")
        return documents

    @cached_property
    def features(self) -> frozenset[str]:
        """Names of the columns."""
        features = getattr(self.documents, "features", None)
        return frozenset(features if features is not None else self.documents[0])

    @cached_property
    def several_inputs(self) -> bool:
        """Whether the choices stand before the target."""
        return self.config.doc_to_choice is not None and isinstance(self.text(self.documents[0]), int)

    @cached_property
    def several_targets(self) -> bool:
        """Whether any of several answers is right."""
        return isinstance(self.target(self.documents[0]), list)

    def text(self, doc: Doc, ways: "Mapping[str, _Way] | None" = None) -> Any:
        """The question; an index where there are several inputs."""
        way = (ways or self._ways)["doc_to_text"]
        if not isinstance(way.value, str) or way.value in self.features:
            return way.plain(doc, self.features)
        text = templates.render(way.value, doc, f"{self.name}: doc_to_text")
        return _number(text) if text.isdigit() and self.config.doc_to_choice is not None else text

    def target(self, doc: Doc, ways: "Mapping[str, _Way] | None" = None) -> Any:
        """The answer: a text, an index of a choice, or a list of either."""
        way = (ways or self._ways)["doc_to_target"]
        if not isinstance(way.value, str) or way.value in self.features:
            return way.plain(doc, self.features)
        text = templates.render(way.value, doc, f"{self.name}: doc_to_target")
        if text.isdigit() and self.config.doc_to_choice is not None:
            return _number(text)
        if len(text) >= 2 and text[0] == "[" and text[-1] == "]":
            return _literal(text, text)
        return text

    def choices(self, doc: Doc, ways: "Mapping[str, _Way] | None" = None) -> list[str]:
        """The choices. Raises UsageError where they are no list of texts."""
        way = (ways or self._ways)["doc_to_choice"]
        if isinstance(way.value, str) and way.value not in self.features:
            found = _literal(templates.render(way.value, doc, f"{self.name}: doc_to_choice"), None)
        else:
            found = way.plain(doc, self.features)
        found = list(found.values()) if isinstance(found, dict) else found
        if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
            raise UsageError(f"{self.name}: doc_to_choice must give a list of texts, not {found!r:.120}")
        return list(found)

    def field(self, name: str | None, doc: Doc) -> str:
        """A column, or a template filled; empty where nothing is given."""
        if not name:
            return ""
        return str(doc[name]) if name in doc else templates.render(name, doc, self.name)

    def document(self, sample: Sample) -> Doc:
        """The document of a sample."""
        return self.documents[int(sample.id.rpartition("/")[2])]

    def samples(self, group: str) -> Iterator[Sample]:
        """Every document, in order, with its number as id; within a group the task's name stands before it."""
        for number in range(len(self.documents)):
            yield self._sample(number, group)

    def _sample(self, number: int, group: str) -> Sample:
        known = self._known.get(number)
        if known is None or known.group != group:
            known = self._known[number] = self._made(number, group)
        return known

    @cached_property
    def _known(self) -> dict[int, Sample]:
        return {}

    def _made(self, number: int, group: str) -> Sample:
        doc = self.documents[number]
        question, target = self.text(doc), self.target(doc)
        choices = self.choices(doc) if self.config.doc_to_choice is not None else []
        name = f"{group}/{number}" if group else str(number)
        if self.config.output_type == "multiple_choice":
            gold = question if self.several_inputs else target
            right = str(target) if self.several_inputs else _letter(gold, len(choices))
            shown = choices[question] if self.several_inputs else str(question)
            return Sample(name, shown, right, tuple(choices), group, metadata={"gold": _plain(gold)})
        gold = self._gold(target, choices)
        more = {} if isinstance(gold, str) else {"gold": gold}
        if isinstance(doc.get("choices"), list):
            more["choices"] = list(map(str, doc["choices"]))
        return Sample(name, str(question), gold if isinstance(gold, str) else str(gold), (), group, metadata=more)

    def _gold(self, target: Any, choices: Sequence[str]) -> str | list[str]:
        """What a generated or weighed text is compared with."""
        if self.config.output_type != "generate_until":
            return str(target)
        if choices:
            return choices[target] if isinstance(target, int) else str(target)
        return [str(one) for one in target] if self.several_targets else str(target)

    @cached_property
    def pool(self) -> "Pool":
        """What worked examples are chosen from."""
        return Pool(self._pool(), self._example)

    def _pool(self) -> Sequence[Doc]:
        shots = self.config.shots
        if shots.split is not None:
            return self._split(shots.split, self._process_shots)
        if isinstance(shots.samples, Function):
            found = called(self.name, loaded(shots.samples, self.trust, f"{self.name}: fewshot_config samples"))
            return list(found)
        if shots.samples is not None:
            if not isinstance(shots.samples, list) or not all(isinstance(one, dict) for one in shots.samples):
                raise UsageError(f"{self.name}: fewshot_config samples must be a list of documents, or a function")
            return shots.samples
        name = self.config.training_split or self.config.validation_split or self.config.test_split
        return self._split(str(name), self._process)

    def _example(self, number: int, doc: Doc) -> Sample:
        """A worked example, its answer as the target."""
        ways = self._shot_ways
        question, answer = self.text(doc, ways), self.target(doc, ways)
        choices = self.choices(doc, ways) if ways["doc_to_choice"].value is not None else []
        if self.several_inputs:
            question, choices = choices[question], []
        if choices and isinstance(answer, int):
            answer = choices[answer]
        elif isinstance(answer, list):
            answer = answer[0]
        if not isinstance(answer, str) or not isinstance(question, str):
            raise UsageError(f"{self.name}: a worked example's question and answer must be texts, not {answer!r:.80}")
        prefix = self.field(self.config.shots.gen_prefix, doc)
        return Sample(f"shot/{number}", question, answer, tuple(choices), metadata={"gen_prefix": prefix})

    @cached_property
    def few_shot(self) -> Any:
        """How examples are chosen: as there, document after document."""
        drop = self.config.shots.split == self.config.test_split

        def same(asked: Sample, example: Sample) -> bool:
            return bool(self.document(asked) == self.pool.documents[int(example.id.removeprefix("shot/"))])

        first_n = self.config.shots.sampler == "first_n"
        return replayed(self.samples, drop=drop, first_n=first_n, same=same)

    @property
    def asks(self) -> Asks:
        """What is wanted of a model."""
        if self.config.output_type == "multiple_choice":
            return "contexts" if self.several_inputs else "choices"
        return _ASKS[self.config.output_type]

    def prompt(self, sample: Sample, unconditional: bool, chat: bool) -> InContext:
        """How one sample is asked. `unconditional`: choices are weighed behind nothing too; `chat`: behind messages."""
        doc, config = self.document(sample), self.config
        return InContext(
            self.asks,
            description=_as_it_is(self.field(config.description, doc)),
            target_delimiter=config.target_delimiter,
            fewshot_delimiter=config.shots.fewshot_delimiter,
            gen_prefix=_as_it_is(self.field(config.gen_prefix, doc)),
            shot_prefix="{gen_prefix}" if config.shots.gen_prefix else "",
            shot_delimiter=config.shots.target_delimiter,
            unconditional=unconditional,
            chat_likelihood=chat,
        )

    def _split(self, name: str, process: Callable[..., Any] | None) -> Sequence[Doc]:
        found = data.split(self.config, self.splits, name)
        return data.rows(called(f"{self.name}: process_docs", process, found) if process else found)

    def _way(self, name: str, value: Any) -> "_Way":
        return _Way(self.name, name, value, self._function(name, value) if isinstance(value, Function) else None)

    def _function(self, name: str, value: Any) -> Callable[..., Any] | None:
        return None if value is None else loaded(value, self.trust, f"{self.name}: {name}")


_WAYS = ("doc_to_text", "doc_to_target", "doc_to_choice")
_ASKS: dict[str, Asks] = {"generate_until": "answer", "loglikelihood": "target", "loglikelihood_rolling": "rolling"}


@dataclass(frozen=True)
class _Way:
    """From a document to a text, an index or a list."""

    task: str
    name: str
    value: Any
    function: Callable[..., Any] | None

    def plain(self, doc: Doc, features: frozenset[str]) -> Any:
        """Of anything but a template."""
        if self.function is not None:
            return called(f"{self.task}: {self.name}", self.function, doc)
        if isinstance(self.value, str) and self.value in features:
            return doc[self.value]
        if self.value is None:
            raise UsageError(f"{self.task}: it says no {self.name}")
        return self.value


class Pool(Sequence[Sample]):
    """Worked examples, each made when it is asked for."""

    def __init__(self, documents: Sequence[Doc], make: Callable[[int, Doc], Sample]) -> None:
        self.documents, self._make = documents, make
        self._made: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self.documents)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        if at not in self._made:
            self._made[at] = self._make(at, self.documents[at])
        return self._made[at]


def _as_it_is(text: str) -> str:
    """A template that gives just this text."""
    return text.replace("{", "{{").replace("}", "}}")


def _literal(text: str, otherwise: Any) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError, TypeError):
        return otherwise


def _number(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _plain(gold: Any) -> Any:
    """Without the types of other libraries: an index, a text, or a list of them."""
    if isinstance(gold, list | tuple):
        return [_plain(one) for one in gold]
    return gold if isinstance(gold, str) else int(gold)


def _letter(gold: Any, choices: int) -> str:
    """For the reader of a result: A for 0."""
    if isinstance(gold, int) and 0 <= gold < min(choices, 26):
        return chr(ord("A") + gold)
    return str(gold)
