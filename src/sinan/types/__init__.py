"""Floor 0: the nouns. Frozen data and protocols that every other room speaks in; nothing here does I/O."""

from sinan.types.benchmark import Benchmark, Card, PromptBuilder, Protocol, Solver, Suite
from sinan.types.comparison import CAUSES, Cause, Comparison, Differing, PairedDifference, ProtocolDifference
from sinan.types.completion import (
    Completion,
    Form,
    InBatches,
    LogLikelihood,
    Model,
    Rendered,
    Renders,
    Sampling,
    Usage,
    in_batches,
)
from sinan.types.message import Image, Message, Part, Prompt, Text, Tool, ToolCall
from sinan.types.metric import Estimate, Metric
from sinan.types.pace import Limits, Pace, Signal, Unpaced
from sinan.types.run import Cache, Cell, CellResult, Further, Journal, Question, Run, RunSpec, SampleResult
from sinan.types.sample import Dataset, Sample, Source
from sinan.types.score import Blocking, Judging, Outcome, Reading, Reporting, Score, Scorer

__all__ = [
    "CAUSES",
    "Benchmark",
    "Blocking",
    "Cache",
    "Card",
    "Cause",
    "Cell",
    "CellResult",
    "Comparison",
    "Completion",
    "Dataset",
    "Differing",
    "Estimate",
    "Form",
    "Further",
    "Image",
    "InBatches",
    "Journal",
    "Judging",
    "Limits",
    "LogLikelihood",
    "Message",
    "Metric",
    "Model",
    "Outcome",
    "Pace",
    "PairedDifference",
    "Part",
    "Prompt",
    "PromptBuilder",
    "Protocol",
    "ProtocolDifference",
    "Question",
    "Reading",
    "Rendered",
    "Renders",
    "Reporting",
    "Run",
    "RunSpec",
    "Sample",
    "SampleResult",
    "Sampling",
    "Score",
    "Scorer",
    "Signal",
    "Solver",
    "Source",
    "Suite",
    "Text",
    "Tool",
    "ToolCall",
    "Unpaced",
    "Usage",
    "in_batches",
]
