"""Floor 1: runs code that nobody trusts, or refuses to."""

from sinan.sandbox.opening import Examined, Layer, examine, open_sandbox
from sinan.sandbox.program import Limits, Program
from sinan.sandbox.ran import Ran
from sinan.sandbox.sandbox import Sandbox

__all__ = ["Examined", "Layer", "Limits", "Program", "Ran", "Sandbox", "examine", "open_sandbox"]
