"""Chinese text in words, by jieba."""

from typing import Any

from sinan.errors import MissingExtra


def words(text: str) -> list[str]:
    """The words of a text in order, white space left out. Raises MissingExtra."""
    return [word for word in _jieba().lcut(text) if not word.isspace()]


def _jieba() -> Any:
    try:
        import jieba
    except ImportError:
        raise MissingExtra("segmenting Chinese", "jieba", "text") from None
    jieba.setLogLevel("WARNING")  # it tells on standard error how long its dictionary took
    return jieba
