"""Where an answer is taken back right after it was given: `A... wait, C`, `41. No, it is 42`, `是A，不对，应该是B`."""

import re
from collections.abc import Iterator

_CORRECTION = re.compile(
    r"(?:\bwait\b|\bno\b(?=[\s]{0,2}[,.!;:…—–-])|\bactually\b|\bsorry\b|\bcorrection\b|\bi\smean\b|\bmake\sthat\b"
    r"|\bmistake\b|\bmisread\b|不对|不對|(?<![\u4e00-\u9fff])不(?=[,，.。!！])|等等|更正|抱歉|等一下)",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(
    r"(?:[\s,.!;:…—–-]{1,6}(?:wait|no|actually|sorry|correction|i\smean|make\sthat)\b){0,3}"
    r"[\s,.!;:，。…—–*-]{1,6}"
    r"(?:(?:(?:it|that)(?:['’]s|\sis|\sshould\sbe|\smust\sbe)|the\sanswer\sis|should\sbe)\s|应该?[是为]|应选|是|选)?"
    r"(?:option\s)?[*_(\[\"“$]{0,3}",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"[^\n]{0,60}?(?:\b(?:it|that|answer)\s(?:should|must|has\sto)\s(?:actually\s|really\s)?be\s|应该?[是为]|应选)"
    r"(?:option\s)?[*_(\[\"“$]{0,3}",
    re.IGNORECASE,
)


def corrections(text: str, end: int) -> Iterator[int]:
    """Every place behind `end` where what takes the place of an answer may begin."""
    for match in _CORRECTION.finditer(text, end):
        for way in (_AT_ONCE, _LATER):
            after = way.match(text, match.end())
            if after:
                yield after.end()
