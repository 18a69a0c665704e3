"""What a simulated API remembers: fields with their beginnings, taken from a scenario where it names them."""

import copy
from collections.abc import Mapping
from typing import Any


class Kept:
    """The fields that `BEGIN` names, as attributes. All of them are the state."""

    BEGIN: Mapping[str, Any] = {}

    def __init__(self, given: Mapping[str, Any]) -> None:
        for name, value in self.BEGIN.items():
            setattr(self, name, copy.deepcopy(given.get(name, value)))

    @property
    def state(self) -> Mapping[str, Any]:
        """What is compared."""
        return {name: getattr(self, name) for name in self.BEGIN}
