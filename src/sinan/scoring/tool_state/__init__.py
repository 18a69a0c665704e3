"""Conversations with tools, judged by what the calls did: simulated APIs, and states compared turn by turn."""

from sinan.scoring.tool_state.scorer import ToolState

__all__ = ["ToolState"]
