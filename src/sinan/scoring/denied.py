"""What is said of an answer without giving it: `not B`, `we rule out B`, `if the answer is B`.

Only a window before the place is looked at, so that time does not grow with the text.
"""

import re

_WINDOW = 48
_DENIED = re.compile(
    r"(?:\bnot\b|n['’]t\b|\bcannot\b|\bnever\b|\bneither\b|\bnor\b|\belimin\w{2,6}|\bexclud\w{1,3}|\breject\w{0,3}"
    r"|\brul(?:e|ed|es|ing)\sout|\brather\sthan|\binstead\sof|\bexcept\b|\bunlike\b|≠|!=|\\neq?\b"
    r"|不|并非|而非|排除|除了|没有)"
    r"[\s*_`\"'“‘(\[$:]{0,4}(?:(?!but\b)[a-z]{1,10}[\s*_`\"'“‘(\[$:]{1,4}){0,3}(?:要?应?该?选?择?是?为?等?于?会?能?可?以?项?)$",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"(?:\bif|\bwhether|\bsuppos\w{1,5}|\bassum\w{1,4}|\bunless|如果|假如|假设|假定|若是?|倘若|是否)"
    r"[\s*_,]{0,3}(?:(?:that|the|my|your|our|its|this|only|correct|right|final|best|it|i|we|you|one|to|were)[\s*_]{1,3}){0,4}"
    r"(?:选择?|選擇?|是)?$",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"[\s*_`\"'”’)\]}]{0,4}(?:(?:选?项|選?項|这个|答案)\s?)?"
    r"(?:(?:is|are|was|would\sbe|seems|looks)\s(?:also\s|clearly\s|definitely\s|simply\s|therefore\s)?"
    r"(?:wrong|incorrect|not\b|false|un\w|in(?:valid|accurate)|out\b|impossible|ruled|eliminated|excluded)"
    r"|isn['’]t|(?:cannot|can['’]t|could\snot|couldn['’]t)\sbe"
    r"|(?:也|都|均|显然|就)?(?:是|为)?(?:也|都|均)?(?:错|不|有误|排除|可以排除|并非))",
    re.IGNORECASE,
)


def denied(text: str, start: int) -> bool:
    """Whether what begins at `start` is said not to be: `not B`, `we can rule out B`, `不是B`."""
    return _DENIED.search(text[max(0, start - _WINDOW) : start]) is not None


def supposed(text: str, start: int) -> bool:
    """Whether what begins at `start` is only supposed: `if the answer is`, `如果答案是`."""
    return _SUPPOSED.search(text[max(0, start - _WINDOW) : start]) is not None


def called_wrong(text: str, end: int) -> bool:
    """Whether what ends at `end` is called wrong right after: `B is incorrect`, `B项错误`."""
    return _WRONG.match(text, end) is not None
