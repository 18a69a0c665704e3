r"""One writing for what is written in many ways: signs of Unicode, LaTeX's spaces and sizes, Chinese words.

The result is for comparing, not for showing; its places are not those of the text.
"""

import re
import unicodedata
from functools import lru_cache

from sinan.scoring.mathematics.chinese import in_signs

_SIGNS: dict[int, str | int | None] = str.maketrans(
    dict.fromkeys("−–—‐‑‒﹣－", "-")
    | {"⁄": "/", "÷": "/", "∶": ":", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "∗": "*"}
    | {"√": r"\sqrt ", "∛": r"\sqrt[3]", "π": r"\pi ", "𝜋": r"\pi ", "∞": r"\infty ", "±": r"\pm ", "∓": r"\mp "}
    | {"≤": r"\le ", "≥": r"\ge ", "⩽": r"\le ", "⩾": r"\ge ", "≦": r"\le ", "≧": r"\ge ", "≠": r"\ne "}
    | {"≈": r"\approx ", "≒": r"\approx ", "≅": r"\approx ", "∪": r"\cup ", "⋃": r"\cup ", "∩": r"\cap "}
    | {"∈": r"\in ", "∅": r"\emptyset ", "Ø": r"\emptyset ", "ø": r"\emptyset ", "∖": r"\setminus "}
    | {"ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}", "ℕ": r"\mathbb{N}", "ℂ": r"\mathbb{C}"}
    | {"°": r"^\circ ", "º": r"^\circ ", "℃": r"^\circ C", "℉": r"^\circ F", "′": "'", "⟨": "(", "⟩": ")"}
    | {"∨": r"\lor ", "∧": r"\land ", "⇒": r"\implies ", "→": r"\to ", "“": '"', "”": '"', "’": "'", "‘": "'"}
    | {"⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "…": "...", "∣": "|", "│": "|"}
    | dict.fromkeys((8203, 8204, 8205, 8288, 65279))
)
_GREEK = "alpha beta gamma delta epsilon theta lamda mu rho sigma tau phi omega eta psi".split()
_SIGNS |= {ord(unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}")): f"\\{name} " for name in _GREEK}
_SIGNS |= {ord("λ"): r"\lambda ", ord("Δ"): r"\Delta ", ord("Ω"): r"\Omega "}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣⁱ", "0123456789+-nxi", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₙ", "0123456789n", strict=True))
_RAISED_RUN = re.compile(f"[{''.join(_RAISED)}]+")
_LOWERED_RUN = re.compile(f"[{''.join(_LOWERED)}]+")
_VULGAR = re.compile("[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒]")
_SIZES = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|displaystyle|textstyle|limits)(?![a-zA-Z])")
_SPACES = re.compile(r"\\[,;:!]|\\ |~|\\(?:quad|qquad|hfill|thinspace|hspace\*?\{[^{}]*\})(?![a-zA-Z])")
_THOUSANDS_MARK = re.compile(r"(?<=[0-9])(?:\{,\}|,\\!|\\,|\\!)(?=[0-9]{3})")
ROW = "\ue000"
"""The end of a matrix's row: two backslashes."""
_WRAPPERS = re.compile(r"\$|\\[()\[\]]|\\(?:begin|end)\{(?:equation|math|displaymath)\*?\}|`")
_RENAMED = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge",
    "neq": "ne", "lt": "<", "gt": ">", "lbrace": r"\{", "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "colon": ":",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "langle": "(", "rangle": ")", "degree": "^\\circ ",
    "varnothing": "emptyset", "backslash": "setminus", "ldots": "...", "cdots": "...", "dots": "...", "ast": "*",
    "simeq": "approx", "thickapprox": "approx", "bigcup": "cup", "bigcap": "cap", "vee": "lor", "wedge": "land",
    "textbf": "text", "textit": "text", "textrm": "text", "mbox": "text", "hbox": "text", "textnormal": "text",
    "texttt": "text", "mathit": "mathrm", "mathbf": "mathrm", "mathsf": "mathrm", "boldsymbol": "mathrm",
    "bm": "mathrm", "operatorname": "mathrm", "varphi": "phi", "vartheta": "theta", "varepsilon": "epsilon",
    "Rightarrow": "implies", "rightarrow": "to", "div": "/", "lparen": "(", "rparen": ")", "bmod": "mod",
}  # fmt: skip
_ALIGNED = re.compile(
    r"\\begin\{(?P<name>aligned|align|gathered|gather|split|eqnarray|cases)\*?\}(?P<inside>.*?)\\end\{(?P=name)\*?\}",
    re.DOTALL,
)
_POWERS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_MANY = re.compile(r"(?<![0-9.,])([0-9][0-9,]*(?:\.[0-9]+)?)\s?(thousand|million|billion|trillion)\b", re.IGNORECASE)
_SPACED = re.compile(r"(?<![0-9.,/] )(?<![0-9.,/_^{}a-z])[0-9]{1,3}(?: [0-9]{3})+(?![0-9]| ?/| [0-9])")
_HALF_OF_DAY = re.compile(r"\b([apAP])\.\s?[mM]\b\.?")
_CIRCLED = re.compile(r"\\textcircled\s?\{?([0-9]{1,2})\}?")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
LONGEST = 4_000


@lru_cache(4_096)
def tidy(text: str) -> str:
    """The text in the one writing that the grammar reads. A text longer than `LONGEST` is only stripped."""
    if len(text) > LONGEST:
        return text.strip()
    if not text.isascii():
        text = _in_ascii(text)
    if "\\" in text:
        doubled = r"\\\\(?=[a-zA-Z])"  # LaTeX that was escaped once too often
        text = text if r"\begin" in text else re.sub(doubled, r"\\", text)
        text = text.replace(r"\\", ROW)
        text = _ALIGNED.sub(_rows, text)
        text = _THOUSANDS_MARK.sub("", text).replace("\\$", "＄")
        text = _WRAPPERS.sub(" ", _SIZES.sub("", text)).replace("＄", "\\$")
        text = re.sub(r"\\(mathrm|mathbf)\s+([A-Za-z])(?![A-Za-z])", r"\\mathrm{\2}", text)
        text = _CIRCLED.sub(r"\1", text)
        text = _COMMAND.sub(_renamed, _SPACES.sub(" ", text))
    elif "{,}" in text:
        text = _THOUSANDS_MARK.sub("", text)
    elif text[-1:] == "$" or text.count("$") > 1:
        text = text.replace("$", " ")
    text = re.sub(r"\*\*(?![0-9(a-z])|(?<![0-9)a-z])\*\*|__", " ", text)
    text = _MANY.sub(_multiplied, _HALF_OF_DAY.sub(r"\1m", text))
    return _SPACED.sub(lambda number: number[0].replace(" ", ""), " ".join(text.split()))


def _multiplied(match: re.Match[str]) -> str:
    return f"{match[1]} \\times 10^{{{_POWERS[match[2].lower()]}}}"


def _rows(match: re.Match[str]) -> str:
    """The lines of aligned equations: one chain where they begin with `=`, else several statements."""
    inside = match["inside"]
    if match["name"] == "cases" and "&" in inside:
        return match[0]
    return re.sub(rf"\s*{ROW}\s*(=)?", lambda row: " = " if row[1] else ", ", inside.replace("&", "")).strip(" ,")


def _in_ascii(text: str) -> str:
    text = _RAISED_RUN.sub(lambda run: "^{" + "".join(_RAISED[sign] for sign in run[0]) + "}", text)
    text = _LOWERED_RUN.sub(lambda run: "_{" + "".join(_LOWERED[sign] for sign in run[0]) + "}", text)
    text = _VULGAR.sub(_fraction, text).translate(_SIGNS)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    text = re.sub(r"(?![0-9])\d", lambda digit: str(unicodedata.decimal(digit[0])), text)
    return in_signs(text)


def _fraction(sign: re.Match[str]) -> str:
    above, _, below = unicodedata.normalize("NFKC", sign[0]).partition("⁄")
    return f"\\frac{{{above}}}{{{below}}}"


def _renamed(command: re.Match[str]) -> str:
    name = _RENAMED.get(command[1], command[1])
    return f"\\{name}" if name[0].isalpha() else name


def squeezed(tidied: str) -> str:
    """Without white space, case kept: two texts that agree here are the same writing."""
    return re.sub(r"(?<![0-9])\s+|\s+(?![0-9])|\\text(?=\{)", "", tidied).rstrip(".,;。")
