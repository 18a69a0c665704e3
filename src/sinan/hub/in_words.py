"""What a scorer holds right and how a solver asks, in one sentence each: for people who have not read the code."""

from sinan.types import Protocol

JUDGED = {
    "After": "Right if the text after the last cue is the target exactly.",
    "Anls": "How near the text comes to the nearest gold, by edits.",
    "ByChoices": "Options are judged by their letter, free answers by what they are.",
    "Cascade": "Rules decide where they can; a judge is asked for the rest.",
    "Chosen": "Right if the better of two outputs is chosen, in the form that was asked for.",
    "Code": "Right if the program passes its tests in the sandbox.",
    "CodeEdit": "How near the code comes to the expected one, by edits.",
    "Collected": "Answers are collected, and nobody judges them.",
    "Declined": "Right if the answer declines.",
    "EditSimilarity": "How near the text comes to the nearest gold, by edits.",
    "ErrorRate": "The share of words or characters that differ; less is better.",
    "Exact": "Right if the final answer is the target.",
    "ExactMatch": "Right if the answer equals the target after the named rules.",
    "Extracted": "An answer is read by rules and by a model; right if it is the target.",
    "Filtered": "The answer is read as lm-evaluation-harness reads it, and compared with the target.",
    "GreedyMatch": "Right if every token of the target is the most likely one.",
    "Instructions": "Right if every instruction was followed, as programs check.",
    "Judged": "What one or several judges hold.",
    "Letter": "Right if the letter that was read is the target.",
    "LikelihoodChoices": "Right if the target is the most likely of the choices.",
    "Math": "Right if the answer means the same as the target, as mathematics.",
    "MathVision": "Right as the published judge of MATH-Vision says.",
    "MathVista": "Right if the answer, fitted to its type, is the target.",
    "MmluPro": "Right if the letter that the published rules read is the target.",
    "Mmmu": "Right as the published judge of MMMU says.",
    "MostLikely": "Right if the choice with the largest log-likelihood is the target.",
    "Normalised": "Right if the answer is one of the golds once both are normalised.",
    "Number": "Right if the number that was read equals the target.",
    "OverRefusal": "Right if what should be refused is refused, and nothing else is.",
    "Overlap": "How far two texts overlap.",
    "Pope": "Right if the yes or no of the first sentence is the target.",
    "Rolling": "How likely the text itself is: nothing is right or wrong.",
    "Rouge": "How far the text overlaps with the reference (ROUGE).",
    "SameLine": "Right if the answer is the target, character by character.",
    "SocialBias": "Right as published, with how often answers lean on a stereotype.",
    "TokenF1": "How far the words of the answer are those of a gold (F1).",
    "ToolCalls": "Right if the calls are the expected ones, in whatever order.",
    "ToolState": "Right if the calls leave the simulated systems as they should be.",
    "Translation": "How near the text comes to the reference (BLEU, chrF or TER).",
    "TrueMass": "The share of the probability that lies on the true choices.",
    "YesNo": "Right if the answer means yes or no as the target does.",
}
ASKED = {
    "BothOrders": "Asked twice, with both orders of what is compared.",
    "Likelihood": "Nothing is written: it is measured how likely each continuation is.",
    "ManyTurns": "Asked in several turns.",
    "OneTurn": "One prompt, one answer.",
    "Recorded": "Nothing is asked: published outputs are scored.",
    "Repeated": "Asked several times.",
    "Rolling": "Nothing is written: it is measured how likely the text is.",
}


def judged(protocol: Protocol) -> str:
    """What is right under a protocol; empty for a scorer that is not ours."""
    return JUDGED.get(type(protocol.scorer).__name__, "")


def asked(protocol: Protocol) -> str:
    """How a protocol asks; empty for a solver that is not ours."""
    return ASKED.get(type(protocol.solver).__name__, "")
