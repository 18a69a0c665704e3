"""Floor 1: runs code that nobody trusts, or refuses to."""

from sinan.sandbox.opening import open_sandbox
from sinan.sandbox.program import Limits, Program
from sinan.sandbox.ran import Ran
from sinan.sandbox.sandbox import Sandbox

__all__ = ["Limits", "Program", "Ran", "Sandbox", "open_sandbox"]
