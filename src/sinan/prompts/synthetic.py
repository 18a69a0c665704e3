"""Prompts that say nothing, for load tests: seeded words, of about so many tokens, no two with one beginning.

A stranger's tokenizer is not at hand. The words are short and common, and most tokenizers have each of them, with
the blank before it, as one token: so many words are about so many tokens, and the server's own count stands beside.
"""

import random

_WORDS = """
the of and to in is it you that he was for on are with as his they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said an each she which do their time if will way about
many then them would write like so these her long make thing see him two has look more day could go come did my sound
no most number who over know water than call first people may down side been now find any new work part take get place
made live where after back little only round man year came show every good me give our under name very through just
form much great think say help low line before turn cause same mean move right boy old too does tell set three want air
well also play small end put home read hand large spell add even land here must big high such follow act why ask men
change went light kind off need house picture try us again animal point mother world near build self earth father
""".split()
_ASK = "\n\nGo on with this text for as long as you can."
_HEAD = 12
"""Words that are each prompt's own: no cache of beginnings holds them."""
_BODY = 1 << 14


class Synthetic:
    """Prompts by number. The same seed gives the same prompts."""

    def __init__(self, seed: int, tokens: tuple[int, int], prefix: int = 0) -> None:
        """`tokens`: the shortest and the longest, about, drawn uniformly; `prefix`: so many more that all share."""
        self._seed, self._tokens = seed, tokens
        draw = random.Random(f"{seed}/words")
        self._body = draw.choices(_WORDS, k=_BODY)
        self._prefix = " ".join(draw.choices(_WORDS, k=prefix)) + "\n\n" if prefix else ""

    def text(self, level: str, number: int) -> str:
        """Prompt `number` of a level. Its first words are its own; the rest begins anywhere in the common stock."""
        draw = random.Random(f"{self._seed}/{level}/{number}")
        length = draw.randint(*self._tokens)
        head = draw.choices(_WORDS, k=min(length, _HEAD))
        rest, start = length - len(head), draw.randrange(_BODY)
        stock = self._body[start : start + rest]
        while len(stock) < rest:
            stock += self._body[: rest - len(stock)]
        return self._prefix + " ".join(head + stock) + _ASK
