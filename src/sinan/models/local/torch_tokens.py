"""Texts and messages of one model as token ids, by its own tokenizer and chat template."""

import contextlib
import json
from collections.abc import Sequence
from typing import Any

from sinan.errors import RequestRejected, UsageError
from sinan.models.local.rendering import refuse_two_beginnings, rendered
from sinan.models.local.wholes import Ids, Reader
from sinan.types import Message, Prompt, Rendered, Sampling


class Tokens:
    """A tokenizer of transformers, asked for many texts at once."""

    def __init__(
        self, name: str, tokenizer: Any, longest: int, add_bos: bool | None, chat: bool, promised: bool = False
    ) -> None:
        """`longest`: tokens that the model reads; `add_bos`: whether texts begin with the beginning-of-text token
        (None: as the tokenizer likes; `promised`: and its files say that it likes so); `chat`: whether messages are
        taken."""
        self.name, self.tokenizer, self.longest, self.chat = name, tokenizer, longest, chat
        self._add_bos, self._bos = add_bos, tokenizer.bos_token_id
        self._promised = promised
        self._fast = _fast(tokenizer)
        prefix = self._bos if self._bos is not None else tokenizer.eos_token_id
        if prefix is None:
            raise UsageError(f"{name}: the tokenizer has neither a beginning-of-text nor an end-of-text token")
        self.reader = Reader(name, self.encode, int(prefix), self.decode([prefix], special=True), longest)

    def encode(self, texts: Sequence[str], special: bool) -> list[Ids]:
        """Ids of every text. Raises RequestRejected for a lone surrogate."""
        if not texts:
            return []
        special = special and self._add_bos is not False
        try:
            found = self._encode(texts, special)
        except (TypeError, UnicodeEncodeError):
            raise RequestRejected(f"{self.name}: the prompt holds a lone surrogate, which is no text.") from None
        if self._add_bos and self._bos is not None:
            return [_once(self._bos, ids) if special or ids[:1] == (self._bos,) else ids for ids in found]
        return found

    def check(self) -> None:
        """Raises UsageError where texts would be read without the beginning-of-text token that they are promised, or
        messages with two of them."""
        (ids,) = self.encode(["a"], True)
        if self._promised and self._bos is not None and self._add_bos is None and ids[:1] != (self._bos,):
            raise UsageError(
                f"{self.name}: tokenizer_config.json says add_bos_token, but the tokenizer does not write "
                f"{self.tokenizer.bos_token}. Say which is meant: add_bos=1 or add_bos=0"
            )
        if self.chat:
            with contextlib.suppress(RequestRejected):  # a template that takes no such message tells it when asked
                self._refuse_two(self.reader.read(self.text(Prompt(messages=(Message("user", "a"),)))), chat=True)

    def render(self, prompt: Prompt) -> Rendered:
        """A prompt as it is read. Raises UsageError where the beginning-of-text token is missing or doubled."""
        self.check()
        text = self.text(prompt)
        notes = [self._about_bos(text, chat=bool(prompt.messages))]
        found = rendered(self.reader, prompt, text, lambda ids: self.decode(ids, special=True), notes)
        self._refuse_two(found.ids, chat=bool(prompt.messages))
        return found

    def _refuse_two(self, ids: Ids, chat: bool) -> None:
        remedy = "add_bos=1, which leaves one of them" + (", or another chat template" if chat else "")
        refuse_two_beginnings(self.name, ids, self._bos, str(self.tokenizer.bos_token), chat, remedy)

    def _about_bos(self, text: str, chat: bool) -> str:
        if self._bos is None:
            return "the tokenizer has no beginning-of-text token"
        if self.reader.begun(text):
            return f"{self.tokenizer.bos_token} is written by the {'chat template' if chat else 'text'}"
        if self.reader.read(text)[:1] == (self._bos,):
            return f"{self.tokenizer.bos_token} is added by the {'option add_bos' if self._add_bos else 'tokenizer'}"
        return f"{self.tokenizer.bos_token} is not written: the tokenizer adds none (add_bos=1 would)"

    def decode(self, ids: Sequence[int], special: bool = False) -> str:
        """Text of the ids; special tokens are written out where wanted."""
        text: str = self.tokenizer.decode(
            list(ids), skip_special_tokens=not special, clean_up_tokenization_spaces=False
        )
        return text

    def text(self, prompt: Prompt, sampling: Sampling | None = None) -> str:
        """The prompt as one text: messages as the chat template writes them. Raises RequestRejected where it does not
        take them."""
        if not prompt.messages:
            return prompt.text
        if not self.chat:
            raise RequestRejected(f"{self.name} continues text and takes no messages. Use a model of form chat.")
        if prompt.images:
            raise RequestRejected(f"{self.name} reads text only; the prompt holds a picture")
        messages = [_message(message.to_json()) for message in prompt.messages]
        try:
            text: str = self.tokenizer.apply_chat_template(
                messages,
                tools=[_tool(tool) for tool in prompt.tools] or None,
                tokenize=False,
                add_generation_prompt=not prompt.prefill,
                continue_final_message=bool(prompt.prefill),
                **_thinking(sampling),
            )
        except Exception as error:  # whatever a template raises
            told = " ".join(str(error).split())[:200]
            raise RequestRejected(f"{self.name}: the chat template refuses the messages: {told}") from None
        return text

    def _encode(self, texts: Sequence[str], special: bool) -> list[Ids]:
        if self._fast is not None:
            return [tuple(one.ids) for one in self._fast.encode_batch_fast(list(texts), add_special_tokens=special)]
        return [tuple(self.tokenizer.encode(text, add_special_tokens=special)) for text in texts]


def _once(bos: int, ids: Ids) -> Ids:
    """The ids behind exactly one token that begins a text."""
    own = next((at for at, one in enumerate(ids) if one != bos), len(ids))
    return (bos, *ids[own:])


def _fast(tokenizer: Any) -> Any:
    """The library's own tokenizer, without the wrapping that costs more than encoding a short text."""
    from tokenizers import Tokenizer

    found = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(found, Tokenizer):
        return None
    found.no_padding()
    found.no_truncation()
    return found


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """As templates read it: calls of tools under `function`, their arguments as an object."""
    calls = message.pop("tool_calls", None)
    if calls:
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": _object(call)}}
            for call in calls
        ]
    return message


def _object(call: dict[str, Any]) -> Any:
    try:
        return json.loads(call["arguments"])
    except ValueError:
        return call["arguments"]


def _tool(tool: Any) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
    }


def _thinking(sampling: Sampling | None) -> dict[str, Any]:
    """What templates of thinking models look at."""
    if sampling is None:
        return {}
    if sampling.thinking_tokens == 0 or sampling.reasoning_effort == "none":
        return {"enable_thinking": False}
    out: dict[str, Any] = {}
    if sampling.reasoning_effort is not None:
        out["reasoning_effort"] = sampling.reasoning_effort
    if sampling.thinking_tokens or sampling.reasoning_effort is not None:
        out["enable_thinking"] = True
    return out
