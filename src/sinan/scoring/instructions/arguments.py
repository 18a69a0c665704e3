"""What an instruction asks for, in numbers and words: `{"relation": "at least", "num_words": 300}`.

Arguments come from a file. What is missing or of another kind raises BadArgument, which is a fault of the file and
never of the model. An argument that is null counts as missing: some copies of the data fill every name with nulls.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "less than": operator.lt,
    "at least": operator.ge,
    "at most": operator.le,
    "more than": operator.gt,
    "exactly": operator.eq,
    "未満": operator.lt,
    "以上": operator.ge,
    "al menos": operator.ge,
    "como máximo": operator.le,
    "moins de": operator.lt,
    "au moins": operator.ge,
    "少于": operator.lt,
    "不足": operator.lt,
    "至少": operator.ge,
    "不少于": operator.ge,
    "至多": operator.le,
    "不超过": operator.le,
    "超过": operator.gt,
    "多于": operator.gt,
    "恰好": operator.eq,
}
"""By the words that the data uses."""


class BadArgument(ValueError):
    """An instruction that cannot be checked as it is given. The message says which argument, and what was found."""


class Arguments:
    """The arguments of one instruction, read by name and kind."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def number(self, name: str) -> int:
        """A whole number, 0 or more."""
        value = self._given.get(name)
        if isinstance(value, float) and value.is_integer():  # a column with nulls is one of floats in many formats
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadArgument(f"{name} must be a whole number, not {value!r}"[:200])
        return value

    def text(self, name: str) -> str:
        """A text that is not blank, without the blanks around it."""
        value = self._given.get(name)
        if not isinstance(value, str) or not value.strip():
            raise BadArgument(f"{name} must be a text, not {value!r}"[:200])
        return value.strip()

    def texts(self, name: str) -> list[str]:
        """One or more texts, none of them empty; as they are given."""
        value = self._given.get(name)
        if not isinstance(value, list | tuple) or not value or not all(isinstance(v, str) and v for v in value):
            raise BadArgument(f"{name} must be a list of texts, not {value!r}"[:200])
        return list(value)

    def mapping(self, name: str) -> dict[str, str]:
        """Texts by texts; those that are null are left out."""
        value = self._given.get(name)
        if not isinstance(value, Mapping):
            raise BadArgument(f"{name} must be an object, not {value!r}"[:200])
        return {str(key): text for key, text in value.items() if isinstance(text, str)}

    def holds(self, count: int, number: str, relation: str = "relation") -> bool:
        """Whether a count stands to the number of that name as the relation of that name says."""
        return self.relation(relation)(count, self.number(number))

    def relation(self, name: str) -> Callable[[int, int], bool]:
        """How two numbers are compared."""
        value = self._given.get(name)
        if not isinstance(value, str) or value not in RELATIONS:
            known = ", ".join(list(RELATIONS)[:5])
            raise BadArgument(f"{name} must be one of {known} (or their like in other languages), not {value!r}"[:200])
        return RELATIONS[value]


Check = Callable[[str, Arguments], bool]
"""(response, arguments) -> whether the response follows the instruction. Raises BadArgument, and nothing else."""
