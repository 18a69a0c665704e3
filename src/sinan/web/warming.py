"""What the first reader would wait for, done while nobody waits: libraries that are imported when they are first
needed, the catalogue, templates and words."""

import importlib
import threading

from sinan.errors import SinanError
from sinan.store import frames
from sinan.web import words
from sinan.web.page import environment
from sinan.web.service import catalogue, writing

LATE = ("pygments.lexers", "pygments.lexers.python")
FORMULA = "Thus $\\frac{1}{2}$:\n```python\nx = 1\n```"
"""A text that takes all that answers take to be shown."""


def begin() -> threading.Thread:
    """In a thread of its own. What fails here fails again, and is told, where it is needed."""
    thread = threading.Thread(target=warm, name="warming", daemon=True)
    thread.start()
    return thread


def warm() -> None:
    """All of it, what is needed first coming first."""
    found = environment()
    for name in found.list_templates(extensions=["html"]):
        found.get_template(name)
    for language in words.LANGUAGES:
        words.say(language, "")
    try:
        frames.core().connect().execute("SELECT 1").close()
        catalogue.shelf()
    except (SinanError, ImportError, OSError):
        pass
    for name in LATE:
        importlib.import_module(name)
    writing.written(FORMULA)
