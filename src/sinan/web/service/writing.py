r"""What a model wrote, as HTML that can do nothing: Markdown, code and formulas are shown, all else stays text.

The HTML is built here, element by element from the parsed text, and never taken from it: there is no way for an
element or attribute that is not named below to come out. Links and pictures are not followed but shown as they were
written. What is long, deep or slow to read is shown as written: a reader must never wait for a text.
"""

import html
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

MOST = 20_000
"""Characters that are read as Markdown."""
MOST_LINES = 2_000
MOST_CODE, MOST_FORMULA, MOST_FORMULAS = 10_000, 1_000, 200
CODE_S = 0.2
"""For the code of one text; some languages are read in a time that grows with the square of what stands on a line."""
BEGIN, END = "\ue000", "\ue001"
"""Around the stretch that is marked; of the text itself they are taken away."""

PLAIN = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "em": "em",
    "strong": "strong",
    "s": "s",
}
"""Markdown's elements that come out as one of HTML, without any attribute."""
MATHML = frozenset(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle "
    "mpadded mphantom menclose".split()
)
MATH_ATTRIBUTES = frozenset(
    "display stretchy fence form accent accentunder mathvariant columnalign rowalign linethickness width height depth "
    "lspace rspace minsize maxsize symmetric largeop movablelimits displaystyle scriptlevel notation columnlines "
    "rowlines columnspacing rowspacing".split()
)
_VALUE = re.compile(r"[A-Za-z0-9.%+ -]{1,40}\Z")
LANGUAGES = frozenset(
    "python py python3 javascript js typescript ts bash sh shell json c cpp c++ java go rust sql html xml css yaml "
    "toml ruby php kotlin swift scala r julia lua perl haskell csharp c# diff tex latex makefile dockerfile ini".split()
)


def written(text: str | None, span: tuple[int, int] | Sequence[int] | None = None) -> Markup:
    """The text as HTML; the stretch `span` of its characters is marked."""
    text = _clean(text or "")
    if span and 0 <= span[0] < span[1] <= len(text):
        text = text[: span[0]] + BEGIN + text[span[0] : span[1]] + END + text[span[1] :]
    if len(text) > MOST or text.count("\n") > MOST_LINES:
        return as_written(text)
    try:
        tokens = _parser().parse(text)
        return Markup(_Writer().blocks(tokens))
    except (RecursionError, ValueError, IndexError, KeyError, AttributeError, TypeError):
        return as_written(text)


def as_written(text: str | None, span: Sequence[int] | None = None) -> Markup:
    """The text, character by character."""
    text = text or ""
    if span is not None:
        text = _clean(text)
        if 0 <= span[0] < span[1] <= len(text):
            text = text[: span[0]] + BEGIN + text[span[0] : span[1]] + END + text[span[1] :]
    return Markup(f'<pre class="as-written">{_Writer().text(text)}</pre>')


def _clean(text: str) -> str:
    """Control characters become visible, so that none plays a part; as many characters as before."""
    return _CONTROL.sub("\ufffd", text)


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ue000\ue001\ud800-\udfff]")


@cache
def _parser() -> MarkdownIt:
    """Markdown without HTML, links, pictures and references: they stay as they were written."""
    found = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20}).enable(["table"])
    found.disable(["html_block", "html_inline", "link", "image", "autolink", "reference", "entity"])
    found.inline.ruler.before("escape", "math", _math)
    return found


_CLOSING = {"$$": "$$", "$": "$", "\\(": "\\)", "\\[": "\\]"}


def _math(state: StateInline, silent: bool) -> bool:
    """`$x$`, `$$x$$`, `\\(x\\)`, `\\[x\\]`, within one paragraph."""
    source, start = state.src, state.pos
    opening = next((one for one in _CLOSING if source.startswith(one, start)), None)
    if opening is None:
        return False
    begin = start + len(opening)
    end = source.find(_CLOSING[opening], begin, min(begin + MOST_FORMULA, state.posMax))
    inside = source[begin:end]
    if end < 0 or not inside.strip() or (opening == "$" and not _is_formula(source, begin, end)):
        return False
    if not silent:
        token = state.push("math", "", 0)
        token.content, token.markup = inside, opening
        token.meta = {"written": source[start : end + len(_CLOSING[opening])]}
    state.pos = end + len(_CLOSING[opening])
    return True


def _is_formula(source: str, begin: int, end: int) -> bool:
    """`$5 and $6` is money: no blank stands inside the signs, and no digit behind them."""
    inner = source[begin:end].strip(BEGIN + END)
    return (
        bool(inner) and not inner[0].isspace() and not inner[-1].isspace() and not source[end + 1 : end + 2].isdigit()
    )


class _Writer:
    """Writes tokens as HTML, and knows whether what it writes is to be marked."""

    def __init__(self) -> None:
        self.marking, self.formulas, self.code_left = False, 0, CODE_S

    def blocks(self, tokens: Sequence[Token]) -> str:
        """A sequence of blocks."""
        return f'<div class="written">{"".join(map(self._block, tokens))}</div>'

    def _block(self, token: Token) -> str:
        kind, _, side = token.type.rpartition("_")
        if token.type == "inline":
            return "".join(map(self._inline, token.children or ()))
        if kind == "heading":  # a text's headings are none of the page
            return '<p class="heading">' if side == "open" else "</p>"
        if kind in PLAIN:
            if token.hidden:
                return ""
            return f"<{'/' * (side == 'close')}{PLAIN[kind]}>"
        if token.type in ("fence", "code_block"):
            return f"<pre><code>{self._code(token.content, token.info)}</code></pre>"
        return "<hr>" if token.type == "hr" else self.text(token.content)

    def _inline(self, token: Token) -> str:
        kind, _, side = token.type.rpartition("_")
        if kind in PLAIN and side in ("open", "close"):
            return f"<{'/' * (side == 'close')}{PLAIN[kind]}>"
        if token.type == "code_inline":
            return f"<code>{self.text(token.content)}</code>"
        if token.type == "math":
            return self._formula(token)
        return "<br>" if token.type == "hardbreak" else "\n" if token.type == "softbreak" else self.text(token.content)

    def text(self, text: str) -> str:
        """Escaped; what lies between the signs of a stretch is marked."""
        return "".join(self._marked(html.escape(part)) for part in self._parts(text))

    def _marked(self, escaped: str) -> str:
        return f"<mark>{escaped}</mark>" if self.marking and escaped else escaped

    def _parts(self, text: str) -> Iterator[str]:
        """The text without the signs; `marking` is as it is for the part that was given last."""
        for part in re.split(f"([{BEGIN}{END}])", text):
            if part in (BEGIN, END):
                self.marking = part == BEGIN
            elif part:
                yield part

    def _code(self, code: str, info: str) -> str:
        language = info.split()[0].lower() if info.split() else ""
        if language not in LANGUAGES or len(code) > MOST_CODE or self.marking or BEGIN in code:
            return self.text(code)
        began = time.monotonic()
        shown = "".join(_pieces(code, language, self.code_left))
        self.code_left -= time.monotonic() - began
        return shown

    def _formula(self, token: Token) -> str:
        was = self.marking
        within = "".join(self._parts(token.content))
        self.formulas += 1
        display = "block" if token.markup in ("$$", "\\[") else "inline"
        shown = mathml(within, display) if self.formulas <= MOST_FORMULAS else None
        if shown is None:
            self.marking = was
            return self.text(token.meta["written"])
        return f"<mark>{shown}</mark>" if was or self.marking or BEGIN in token.content else shown


def _pieces(code: str, language: str, seconds: float) -> Iterator[str]:
    from pygments import lex
    from pygments.lexers import get_lexer_by_name
    from pygments.token import STANDARD_TYPES

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    end, place = time.monotonic() + seconds, 0
    for kind, piece in lex(code, lexer):
        if time.monotonic() > end:
            yield html.escape(code[place:])
            return
        place += len(piece)
        name = STANDARD_TYPES.get(kind, "")
        yield f'<span class="{name}">{html.escape(piece)}</span>' if name.isalnum() else html.escape(piece)


def mathml(formula: str, display: str = "inline") -> str | None:
    """LaTeX as MathML, or None where it cannot be read."""
    from latex2mathml.converter import convert_to_element

    if len(formula) > MOST_FORMULA or _depth(formula) > 30:
        return None
    try:
        return _element(convert_to_element(formula, display="block" if display == "block" else "inline"), 0)
    except Exception:  # a parser of foreign text: whatever it stumbles over, the formula is shown as written
        return None


def _depth(formula: str) -> int:
    depth = most = 0
    for sign in formula:
        depth += (sign in "{[(") - (sign in "}])")
        most = max(most, depth)
    return max(most, formula.count(r"\left"), formula.count(r"\begin"))


def _element(element: Element, depth: int) -> str:
    """The element, if it and its attributes are known; of one that is not only what is in it."""
    if depth > 200:
        raise ValueError("nested too deep")
    inside = _escaped(element.text) + "".join(_element(one, depth + 1) + _escaped(one.tail) for one in element)
    name: Any = element.tag
    if name not in MATHML:
        return inside
    kept = {k: v for k, v in element.attrib.items() if k in MATH_ATTRIBUTES and _VALUE.match(v)}
    told = "".join(f' {k}="{v}"' for k, v in kept.items())
    return f"<{name}{told}>{inside}</{name}>"


def _escaped(text: str | None) -> str:
    return html.escape(html.unescape(text)) if text else ""
