"""A model's files as its name and its options tell them: what every provider of weights on this machine shares."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sinan.errors import UsageError
from sinan.models import options as option
from sinan.models.local import torch_folder as folder
from sinan.models.local.torch_asking import longest
from sinan.models.local.torch_loading import Wish, tokenizer
from sinan.models.local.torch_tokens import Tokens
from sinan.types import Form


@dataclass(frozen=True)
class Files:
    """A folder, or an id of the Hugging Face hub. Nothing is read or fetched before it is asked for."""

    name: str
    """As in results."""
    model: str
    options: Mapping[str, str]

    @cached_property
    def small(self) -> Path:
        """The folder with all but the weights. Raises ModelUnusable."""
        return folder.folder(self.name, self.model, self.options.get("revision"), weights=False)

    def complete(self) -> Path:
        """The folder with its weights; what is missing is fetched. Raises ModelUnusable."""
        return folder.folder(self.name, self.model, self.options.get("revision"), weights=True)

    @cached_property
    def form(self) -> Form:
        """Messages where the tokenizer has a chat template, or as the option `chat` says."""
        chat = self.options.get("chat", "auto")
        if chat == "auto":
            return "chat" if folder.has_template(self.small) else "base"
        return "chat" if chat == "1" else "base"

    @property
    def identity(self) -> dict[str, Any]:
        """Hashes of weights, tokenizer and template (or the hub's commit), and how texts become tokens."""
        here = folder.is_folder(self.model)
        found = folder.digests(self.small) if here else {"hub": self.model, "commit": self.small.name}
        return found | {
            "form": self.form,
            "max_length": self.options.get("max_length", ""),
            "add_bos": self.options.get("add_bos", "auto"),
        }

    @cached_property
    def own_length(self) -> int:
        """Tokens that the model reads at most, as its files say."""
        return longest(self.small, self.tokenizer)

    @cached_property
    def length(self) -> int:
        """Tokens that it is to read at most."""
        return self.whole("max_length") or self.own_length

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of transformers."""
        return tokenizer(self.wish(self.small))

    @cached_property
    def tokens(self) -> Tokens:
        """The tokenizer as it is asked. Raises UsageError where it cannot be used."""
        add_bos = {"1": True, "0": False}.get(self.options.get("add_bos", "auto"))
        promised = folder.promises_bos(self.small)
        return Tokens(self.name, self.tokenizer, self.length, add_bos, self.form == "chat", promised)

    def wish(self, there: Path) -> Wish:
        """How the model in a folder is to be loaded."""
        given = self.options
        return Wish(
            self.name,
            there,
            given.get("dtype", "auto"),
            given.get("attn", "auto"),
            given.get("device", "auto"),
            given.get("trust_remote_code") == "1",
        )

    def settings(self, file: str) -> dict[str, Any]:
        """A JSON file of the folder; empty where it is not there. Raises UsageError where it is no JSON object."""
        path = self.small / file
        if not path.is_file():
            return {}
        try:
            found = json.loads(path.read_text("utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UsageError(f"{self.name}: {path} is no JSON object")
        return found

    def whole(self, name: str, example: str = "4096") -> int | None:
        """An option that is a whole number from 1, or None where it is not given. Raises UsageError."""
        value = option.amount(self.name, self.options, name, example)
        if value is None:
            return None
        if value < 1 or value != int(value):
            raise UsageError(f"{self.name}: {name} must be a whole number, such as {name}={example}.")
        return int(value)
