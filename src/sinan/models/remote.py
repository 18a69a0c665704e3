"""What all providers behind an address have in common: the address and its key, its owner's limits, what it costs, how
many tokens a call takes, and pictures as bytes.
"""

import hashlib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from sinan import settings
from sinan.errors import Declined, RequestRejected, Unsupported, UsageError
from sinan.models import options as option
from sinan.types import Completion, Image, Limits, Prompt
from sinan.types.availability import Availability
from sinan.types.price import Price

if typing.TYPE_CHECKING:
    from sinan.models.transport import Endpoint, Reply

LEAVE_OUT = (
    "-p {name}=null leaves it out for all models, sampling=0 behind the model's name for this one: "
    "its answers are then drawn as the server sees fit"
)
"""What helps where a model takes no temperature."""
LIMITS = ("rpm", "tpm", "price_in", "price_out")
"""Options that `limits` and `price` read."""
_ANSWER = 256
"""Tokens that an answer is expected to take until it has come."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whose API it is, and what its settings are called."""

    official: str
    """The vendor's own address."""
    url_name: str
    """The environment name of another address."""
    key_names: tuple[str, ...]
    """Environment names of the key; the first that is set is taken."""
    key_header: str = "Authorization"
    """The header that carries the key."""
    example: str = "http://127.0.0.1:8000/v1"
    """What another address looks like."""

    def is_official(self, base_url: str) -> bool:
        """Whether an address is on the vendor's own host."""
        return urlsplit(base_url).hostname == urlsplit(self.official).hostname

    def status(self, provider: str, speaks: str) -> Availability:
        """The line of `sinan models`: whether the official address can be used; `speaks` says which others can."""
        configured, wanted = settings.load(), self.key_names[0]
        if key_name := next((name for name in self.key_names if configured.key(name)), None):
            return Availability(provider, True, f"{self.official} (with the key in {key_name}), and {speaks}")
        remedy = f"set {wanted} for the official address, or name a server: {provider}/NAME?base_url={self.example}"
        return Availability(provider, False, f"{wanted} is not set; {speaks}", remedy)


def endpoint(spec: str, options: Mapping[str, str], vendor: Vendor, headers: Mapping[str, str] = {}) -> "Endpoint":
    """Where requests go: `base_url`, else what the environment says, else the vendor's own; and the key, which the
    vendor's own address and an explicit `key_env` need. Raises UsageError."""
    from sinan.models.transport import Endpoint  # aiohttp is loaded when a model is opened, not before

    configured = settings.load()
    given = options.get("base_url")
    url = given if given is not None else configured.key(vendor.url_name) or vendor.official
    url = option.base_url(spec, url, vendor.url_name if given is None else "base_url")
    set_here = [name for name in vendor.key_names if configured.key(name)]
    key_name = option.environment_name(spec, options, "key_env", (set_here or vendor.key_names)[0])
    key = (configured.key(key_name) or "").strip()
    if not key and ("key_env" in options or vendor.is_official(url)):
        raise UsageError(
            f"{spec}: {url} needs a key, and {key_name} is not set. "
            "Set it in the environment or under [keys] of sinan.toml."
        )
    if not all("!" <= c <= "~" for c in key):
        raise UsageError(f"{spec}: the key in {key_name} holds spaces or characters that no key has.")
    return Endpoint(spec, url, key_name, key or None, vendor.key_header, headers)


def limits(spec: str, options: Mapping[str, str]) -> Limits:
    """What `rpm` and `tpm` allow. Raises UsageError."""
    found = Limits(option.amount(spec, options, "rpm", "500"), option.amount(spec, options, "tpm", "200000"))
    for name, limit in (("rpm", found.requests_per_minute), ("tpm", found.tokens_per_minute)):
        if limit == 0:
            raise UsageError(f"{spec}: {name}=0 allows nothing; leave it out where there is no limit")
    return found


def price(spec: str, options: Mapping[str, str]) -> Price | None:
    """What `price_in` and `price_out` say, or None. Raises UsageError."""
    given = [option.amount(spec, options, name, "0.15") for name in ("price_in", "price_out")]
    if given == [None, None]:
        return None
    if None in given:
        raise UsageError(f"{spec}: give both price_in and price_out, in USD for a million tokens")
    return Price(given[0] or 0.0, given[1] or 0.0)


def declined(error: Declined) -> Completion:
    """The refusal that a filter before the model gave instead of an answer."""
    return Completion(error.said, "refusal", latency_s=error.latency_s, attempts=error.attempts)


def no_likelihoods(name: str) -> Unsupported:
    """What is said of a model whose server does not tell how likely a text is."""
    return Unsupported(
        f"{name} gives no log-likelihoods; ask the benchmark by a protocol that generates (--protocol generate)"
    )


def expected_tokens(prompt: Prompt) -> int:
    """What a call is expected to take, prompt and answer; a guess, only worth its time where tokens are limited."""
    texts = [message.content for message in prompt.messages if isinstance(message.content, str)]
    return (len(prompt.text) + sum(map(len, texts))) // 4 + _ANSWER


def answered(reply: "Reply[Completion]") -> Completion:
    """The completion of a reply, with what it took to get it."""
    return replace(reply.value, latency_s=reply.latency_s, attempts=reply.attempts)


def took(completion: Completion) -> int | None:
    """The tokens that a call took; None where they were not counted."""
    return total([completion.usage.tokens_in, completion.usage.tokens_out])


def total(counts: Sequence[int | None]) -> int | None:
    """The sum; None where one of them is unknown: a part is no sum."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def read_images(images: Sequence[Image]) -> dict[str, bytes]:
    """Bytes by sha256, read when the request is written. Raises RequestRejected, naming the file."""
    return {image.sha256: _read_image(image) for image in images}


def _read_image(image: Image) -> bytes:
    try:
        data = Path(image.path).read_bytes()
    except OSError as error:
        raise RequestRejected(f"the picture {image.path} cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise RequestRejected(f"the picture {image.path} is not the one of its sample (sha256 differs)")
    return data
