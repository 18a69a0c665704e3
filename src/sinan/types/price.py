"""What a model's tokens cost, in US dollars."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LongPrompts:
    """What a request costs whose prompt is longer than `over` tokens, in USD per million tokens."""

    over: int
    input_usd: float
    output_usd: float


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens: what is asked, and what is answered (hidden reasoning is billed as answer)."""

    input_usd: float
    output_usd: float
    long: LongPrompts | None = None
    """Where the owner charges more for long prompts. The whole request then costs that."""

    def times(self, share: float) -> "Price":
        """A part of it."""
        long = self.long and replace(
            self.long, input_usd=share * self.long.input_usd, output_usd=share * self.long.output_usd
        )
        return replace(self, input_usd=share * self.input_usd, output_usd=share * self.output_usd, long=long)

    def cost(self, tokens_in: int | float, tokens_out: int | float) -> float:
        """US dollars for one request."""
        if self.long is not None and tokens_in > self.long.over:
            return (tokens_in * self.long.input_usd + tokens_out * self.long.output_usd) / 1e6
        return (tokens_in * self.input_usd + tokens_out * self.output_usd) / 1e6


FREE = Price(0.0, 0.0)
"""Of a model that runs on this machine."""
