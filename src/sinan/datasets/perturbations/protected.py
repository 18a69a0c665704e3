"""What must not be touched in a question: numbers, formulas, code, quotations, addresses, placeholders, lists."""

import re
from collections.abc import Callable, Iterator

_KEPT = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]+`|\$\$.+?\$\$|\$[^$\n]+\$|\\\(.+?\\\)|\\\[.+?\\\]|\\begin\{.+?\\end\{[^}]*\}"
    r"|\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|‘[^’\n]{1,400}’|「[^」\n]{1,400}」|『[^』\n]{1,400}』|《[^》\n]{1,200}》"
    r"|【[^】\n]{1,200}】|(?<![A-Za-z])'[^'\n]{1,200}'(?![A-Za-z])|<[^<>\n]{1,80}>"
    r"|^[ \t]*(?:[(\[（]?[A-Z][)\]）.:．、：]|[-*•][ \t]|\d{1,3}[.)、])[^\n]*",
    re.DOTALL | re.MULTILINE,
)
_TOKEN = re.compile(r"[^\s\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
_OF_SYMBOLS = re.compile(r"[\d_=+*/^\\<>@#{}|~%&$]|[A-Z][a-z]*[A-Z]|://")
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """(first, behind the last) of every stretch that may be changed, in order."""
    kept = sorted([*(match.span() for match in _KEPT.finditer(text)), *_symbols(text)])
    at = 0
    for start, end in kept:
        if start > at:
            yield at, start
        at = max(at, end)
    if at < len(text):
        yield at, len(text)


def changed(text: str, change: Callable[[str], str]) -> str:
    """The text with every stretch that may be changed put through a function."""
    parts, at = [], 0
    for start, end in stretches(text):
        parts += [text[at:start], change(text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def words(text: str) -> Iterator["re.Match[str]"]:
    """The English words that may be changed."""
    for start, end in stretches(text):
        yield from _WORD.finditer(text, start, end)


def words_of(*texts: str) -> frozenset[str]:
    """The words of the answer and the options: whatever happens to the question, these must be found in it again."""
    return frozenset(word[0].lower() for text in texts for word in _WORD.finditer(text))


def put(text: str, instead: dict[tuple[int, int], str]) -> str:
    """The text with some stretches replaced."""
    parts, at = [], 0
    for (start, end), new in sorted(instead.items()):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def _symbols(text: str) -> Iterator[tuple[int, int]]:
    """Tokens that hold a digit or a sign of formulas and code, or capitals within."""
    return (token.span() for token in _TOKEN.finditer(text) if _OF_SYMBOLS.search(token[0]))
