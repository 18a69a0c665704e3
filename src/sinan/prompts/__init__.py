"""Floor 1: how a sample is asked. Turns a sample into a prompt; knows no model."""

from sinan.prompts.template import Template

__all__ = ["Template"]
