"""How the site is run: `[serve]` of sinan.toml, and over it what the command line says.

sinan.toml:
    [serve]
    public = true               # whether who is not signed in may read what is published
    networks = ["10.1.0.0/16"]  # private networks that evaluations may reach, such as that of a model server
    models = ["needle/*"]       # models of this machine that may be evaluated
    name = "司南"               # what stands above every page
    address = "https://..."     # how people reach the site; needed for OpenID Connect and for links in webhooks
    proxies = ["127.0.0.1"]     # whose X-Forwarded-For is believed
    jobs_per_user = 3           # that run at once
    queued_per_user = 50
    tokens_per_month = 50000000 # that a user's jobs may use; absent: no limit
    audit_days = 365
    rate = 1000                 # requests a second from one address; 0: no limit
    [serve.openid]
    issuer = "https://..."
    client = "..."              # the secret: SINAN_OPENID_SECRET
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinan.errors import UsageError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class OpenId:
    """Who signs people in elsewhere."""

    issuer: str
    client: str
    role: str = "viewer"
    """Of who signs in for the first time."""


@dataclass(frozen=True)
class Config:
    """Everything that the site's parts are told."""

    runs: Path = Path("runs")
    site: Path = Path("site")
    """Where the database, the secret, uploads and boards are kept."""
    database: str = ""
    """A URL; empty: SQLite in `site`."""
    host: str = "127.0.0.1"
    port: int = 8765
    workers: int = 1
    """Processes that carry out jobs."""
    public: bool = True
    name: str = "司南 sinan"
    address: str = ""
    networks: tuple[Network, ...] = ()
    models: tuple[str, ...] = ("needle/*",)
    proxies: tuple[str, ...] = ()
    jobs_per_user: int = 3
    queued_per_user: int = 50
    tokens_per_month: int | None = None
    audit_days: int = 365
    rate: int = 1000
    """Requests a second that one address may send; changes far fewer. 0: no limit."""
    upload_bytes: int = 2 << 30
    """Of one run that is pushed."""
    body_bytes: int = 1 << 20
    """Of one request, where a page does not say otherwise."""
    openid: OpenId | None = None

    @property
    def url(self) -> str:
        """Of the database."""
        return self.database or f"sqlite:///{(self.site / 'site.db').absolute()}"

    @property
    def here(self) -> str:
        """How the site is reached, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.address or f"http://{host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people reach it by https."""
        return self.address.lower().startswith("https://")


KINDS: dict[str, tuple[type, ...]] = {
    "public": (bool,),
    "name": (str,),
    "address": (str,),
    "networks": (list,),
    "models": (list,),
    "proxies": (list,),
    "jobs_per_user": (int,),
    "queued_per_user": (int,),
    "tokens_per_month": (int,),
    "audit_days": (int,),
    "rate": (int,),
    "upload_bytes": (int,),
    "openid": (dict,),
}


def read(table: Mapping[str, Any], **given: Any) -> Config:
    """The configuration. `table`: [serve] of sinan.toml; `given`: fields from elsewhere, which come first.

    Raises UsageError naming the entry that is not known or of the wrong kind.
    """
    fields: dict[str, Any] = {}
    for name, value in table.items():
        if name not in KINDS:
            raise UsageError(f"sinan.toml: [serve] knows no {name}. It knows: {', '.join(KINDS)}")
        kind = KINDS[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
            raise UsageError(f"sinan.toml: [serve] {name} is {value!r}; it must be of type {kind[0].__name__}")
        if isinstance(value, list):
            if not all(isinstance(one, str) for one in value):
                raise UsageError(f"sinan.toml: [serve] {name} must be a list of texts")
            value = tuple(value)
        if kind == (int,) and value < 0:
            raise UsageError(f"sinan.toml: [serve] {name} is {value}; it cannot be below 0")
        fields[name] = value
    if "networks" in fields:
        fields["networks"] = tuple(network(one) for one in fields["networks"])
    if "openid" in fields:
        fields["openid"] = _openid(fields["openid"])
    return Config(**fields | {name: value for name, value in given.items() if value is not None})


def network(text: str) -> Network:
    """`10.1.0.0/16`, or a single address. Raises UsageError."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise UsageError(f"{text} is no network: {error}. Such as 10.1.0.0/16, or 127.0.0.1") from None


def is_loopback(host: str) -> bool:
    """Whether it is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _openid(table: Mapping[str, Any]) -> OpenId:
    unknown = set(table) - {"issuer", "client", "role"}
    if unknown or not all(isinstance(value, str) for value in table.values()):
        raise UsageError("sinan.toml: [serve.openid] holds the texts issuer and client, and perhaps role")
    if not table.get("issuer") or not table.get("client"):
        raise UsageError("sinan.toml: [serve.openid] needs issuer and client")
    if table.get("role", "viewer") not in ("admin", "evaluator", "viewer"):
        raise UsageError(f"sinan.toml: [serve.openid] role is {table['role']!r}: admin, evaluator or viewer")
    return OpenId(**table)


def to_json(config: Config) -> dict[str, Any]:
    """The configuration as a process beside the site is told it."""
    told = {name: getattr(config, name) for name in config.__dataclass_fields__}
    told |= {name: str(told[name]) for name in ("runs", "site")}
    told["networks"] = [str(one) for one in config.networks]
    told["openid"] = None if config.openid is None else vars(config.openid)
    return told


def from_json(told: dict[str, Any]) -> Config:
    """The inverse."""
    networks = tuple(network(one) for one in told["networks"])
    openid = OpenId(**told["openid"]) if told["openid"] else None
    lists = {name: tuple(told[name]) for name in ("models", "proxies")}
    paths = {name: Path(told[name]) for name in ("runs", "site")}
    return Config(**told | lists | paths | {"networks": networks, "openid": openid})
