"""A prompt as a local model reads it: the text with its special tokens, and the tokens."""

from collections.abc import Callable, Sequence

from sinan.errors import RequestRejected, UsageError
from sinan.models.local.wholes import Ids, Reader, Wanted, wholes
from sinan.types import Prompt, Rendered


def rendered(
    reader: Reader, prompt: Prompt, text: str, decode: Callable[[list[int]], str], notes: Sequence[str] = ()
) -> Rendered:
    """The prompt, `text` standing for its messages; where continuations are asked about, the context of the first.

    `decode` writes special tokens out. Raises RequestRejected where the prompt cannot be read.
    """
    ids, told = reader.read(text), list(notes)
    if prompt.continuations:
        (read,) = wholes(reader, [Wanted.of(prompt, text if prompt.messages else None)])
        if isinstance(read, RequestRejected):
            raise read
        ids = read[0].ids[: read[0].context]
        context = prompt.contexts[0] if prompt.contexts else text
        if context != context.rstrip():
            told.append("the blanks at the end of the context are read with the continuation")
    if not text and ids == (reader.prefix,):
        told.append("an empty context is the token that texts begin with")
    return Rendered(decode(list(ids)), ids, tuple(decode([i]) for i in ids), tuple(told))


def refuse_two_beginnings(name: str, ids: Ids, bos: int | None, token: str, chat: bool, remedy: str) -> None:
    """Raises UsageError for ids that begin with `bos` twice: no model was trained on such texts."""
    if bos is not None and ids[:2] == (bos, bos):
        writes = "the chat template writes it so" if chat else "the text brings it"
        raise UsageError(f"{name}: the prompt begins with {token} twice ({writes}). Remedy: {remedy}")
