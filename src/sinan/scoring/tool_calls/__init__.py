"""Calls of functions: read from native tool calls or from text, and compared with what is expected."""

from sinan.scoring.tool_calls.scorer import ToolCalls

__all__ = ["ToolCalls"]
