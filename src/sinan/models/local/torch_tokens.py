"""Texts and messages of one model as token ids, by its own tokenizer and chat template."""

import json
from collections.abc import Sequence
from typing import Any

from sinan.errors import RequestRejected, UsageError
from sinan.models.local.wholes import Ids, Reader
from sinan.types import Prompt, Sampling


class Tokens:
    """A tokenizer of transformers, asked for many texts at once."""

    def __init__(self, name: str, tokenizer: Any, longest: int, add_bos: bool | None, chat: bool) -> None:
        """`longest`: tokens that the model reads; `add_bos`: whether texts begin with the beginning-of-text token
        (None: as the tokenizer likes); `chat`: whether messages are taken."""
        self.name, self.tokenizer, self.longest, self.chat = name, tokenizer, longest, chat
        self._add_bos, self._bos = add_bos, tokenizer.bos_token_id
        self._fast = _fast(tokenizer)
        prefix = self._bos if self._bos is not None else tokenizer.eos_token_id
        if prefix is None:
            raise UsageError(f"{name}: the tokenizer has neither a beginning-of-text nor an end-of-text token")
        self.reader = Reader(name, self.encode, int(prefix), self.decode([prefix], special=True), longest)

    def encode(self, texts: Sequence[str], special: bool) -> list[Ids]:
        """Ids of every text. Raises RequestRejected for a lone surrogate."""
        if not texts:
            return []
        try:
            found = self._encode(texts, special)
        except (TypeError, UnicodeEncodeError):
            raise RequestRejected(f"{self.name}: the prompt holds a lone surrogate, which is no text.") from None
        if special and self._add_bos is not None and self._bos is not None:
            return [self._begun(ids, text) for ids, text in zip(found, texts, strict=True)]
        return found

    def whole(self, text: str) -> Ids:
        """Ids of a text as the model reads it: special tokens are forced off where the text begins with them."""
        begun = bool(self.reader.begins) and text.startswith(self.reader.begins)
        return self.encode([text], not begun)[0]

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

    def _begun(self, ids: Ids, text: str) -> Ids:
        """With exactly as many beginning-of-text tokens as the option wants, whatever the tokenizer does."""
        has = ids[:1] == (self._bos,)
        if self._add_bos and not has:
            return (self._bos, *ids)
        return ids[1:] if has and not self._add_bos else ids


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
