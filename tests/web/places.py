"""Every page of the site, for walks in a browser: who looks, and at which address.

A page that is new gets a line here. `{run}` is a finished run of two models on two benchmarks.
"""

import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A page."""

    name: str
    page: str
    """The module of `sinan.web.pages` that makes it; the walk passes by what is not there."""
    address: str
    who: str = ""
    """Who is signed in: ada (admin), eva (evaluator)."""

    @property
    def exists(self) -> bool:
        """Whether the site has it."""
        return importlib.util.find_spec(f"sinan.web.pages.{self.page}") is not None


ALL = (
    Place("overview", "overview", "/"),
    Place("rank", "rank", "/rank"),
    Place("rank of a benchmark", "rank", "/rank?board=arithmetic&sort=cost"),
    Place("rank without a match", "rank", "/rank?q=no-such-model"),
    Place("model", "models", "/models/needle%2Fm"),
    Place("hub", "hub", "/hub"),
    Place("benchmark", "hub_one", "/hub/arithmetic"),
    Place("runs", "runs", "/runs"),
    Place("run", "run", "/runs/{run}"),
    Place("samples", "samples", "/runs/{run}/samples"),
    Place("wrong answers", "samples", "/runs/{run}/samples?outcome=wrong"),
    Place("compare", "compare", "/compare"),
    Place("compare two", "compare", "/compare?runs={run},{other}"),
    Place("a flip", "compare", "/compare?runs={run},{other}&benchmark=arithmetic"),
    Place("arena", "arena", "/arena"),
    Place("ratings", "arena", "/arena/ratings"),
    Place("voters", "arena", "/arena/voters", "ada"),
    Place("submit", "submit", "/submit", "eva"),
    Place("jobs", "jobs", "/jobs", "eva"),
    Place("account", "account", "/account", "eva"),
    Place("sign in", "entry", "/sign-in"),
    Place("administration", "admin", "/admin", "ada"),
    Place("audit", "admin", "/admin/audit", "ada"),
    Place("a benchmark of one's own", "hub_new", "/hub/new", "eva"),
    Place("provenance", "publishing", "/runs/{run}/provenance"),
    Place("questions of a benchmark", "hub_items", "/hub/arithmetic/samples"),
    Place("verifications", "verifications", "/runs/{run}/verifications", "eva"),
    Place("keys", "keys", "/keys", "eva"),
)
PLACES = tuple(one for one in ALL if one.exists)
