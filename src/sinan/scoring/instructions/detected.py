"""Which language a text is in, by langdetect, the same at every call: seeded, and its profiles in the order of their
names. A detector of its own, so that nobody else's settings play a part.
"""

from functools import cache
from typing import Any

from sinan.errors import MissingExtra

SEED = 1
"""langdetect draws at random; unseeded, as published, short texts and names get another verdict now and then. Of a few
seeds, the one whose verdicts are most often the published ones."""


@cache
def _factory() -> Any:
    from pathlib import Path

    try:
        from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    except ImportError:
        raise MissingExtra("telling the language of a text", "langdetect", "instructions") from None
    factory = DetectorFactory()
    factory.set_seed(SEED)
    profiles = sorted(path for path in Path(PROFILES_DIRECTORY).iterdir() if path.suffix == "")
    factory.load_json_profile([path.read_text("utf-8") for path in profiles if path.is_file()])
    return factory


def language(text: str) -> str | None:
    """Code of the language (`en`, `zh-cn`, or `unknown`); None where the text has nothing to tell it by, such as
    letters. Raises MissingExtra."""
    factory = _factory()
    from langdetect.lang_detect_exception import LangDetectException

    detector = factory.create()
    try:
        detector.append(text)
        return str(detector.detect())
    except LangDetectException:
        return None
