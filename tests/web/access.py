"""Who may ask what: an entry for each route, which tests/web/test_access.py holds the site to.

A route without an entry fails that test: say here who may. The key is the method and the address as OpenAPI writes it;
a page goes with its twin (`/x.json` is the entry of `/x` as well). Parameters of addresses are filled from `FILLED`.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rule:
    """Who may."""

    who: str = "all"
    """all: also who is not signed in; known: every account; evaluator; admin."""
    scope: str = ""
    """What a token must allow; empty: nothing."""
    in_person: bool = False
    """Not by a token, whatever it allows."""
    hidden: bool = False
    """What the address names is eva's: to all but her and administrators it does not exist."""
    loose: bool = False
    """What is sent here is not what the route wants: that may be told before who asks is looked at."""
    strict: bool = True
    """A credential that is no longer good is refused, also where nobody need be known."""
    body: Any = None
    query: str = ""
    fill: dict[str, str] = field(default_factory=dict)


FILLED = {
    "run": "RUN",
    "session": "0123456789abcdef",
    "token": "1",
    "user": "otto",
    "job": "0123456789abcdef",
    "push": "0" * 32,
    "battle": "0" * 32,
    "name": "eva",
    "file": "results.json",
    "piece": "0",
    "model": "needle/xs",
    "sha256": "0" * 64,
    "number": "1",
}
"""RUN is a run of eva's."""

LAB = {"name": "Lab"}
"""An organisation of eva's."""

RULES: dict[str, Rule] = {
    # pages/health.py, overview.py
    "GET /healthz": Rule(strict=False),
    "GET /index.json": Rule(),
    # pages/entry.py
    "GET /setup.json": Rule(),
    "GET /sign-in.json": Rule(),
    "GET /reset.json": Rule(),
    "POST /api/setup": Rule(body={"name": "x1", "password": "long enough password", "code": "x"}),
    "POST /api/session": Rule(strict=False, body={"name": "nobody", "password": "x"}),
    "DELETE /api/session": Rule(),
    "POST /api/reset": Rule(body={"link": "x", "password": "long enough password"}),
    # pages/account.py
    "GET /account.json": Rule("known", "read"),
    "PUT /api/account/password": Rule("known", in_person=True, body={"password": "x", "new": "y"}),
    "DELETE /api/account/sessions/{session}": Rule("known", in_person=True),
    "DELETE /api/account/sessions": Rule("known", in_person=True),
    "POST /api/tokens": Rule("known", in_person=True, body={"name": "x", "scopes": ["read"]}),
    "DELETE /api/tokens/{token}": Rule("known", in_person=True, fill={"token": "999"}),
    # pages/organisations.py
    "GET /organisations/{name}.json": Rule("known", "read", hidden=True, fill=LAB),
    "POST /api/organisations": Rule("evaluator", in_person=True, body={"name": "another"}),
    "DELETE /api/organisations/{name}": Rule("known", in_person=True, hidden=True, fill=LAB),
    "POST /api/organisations/{name}/invitations": Rule(
        "known", in_person=True, hidden=True, fill=LAB, body={"user": "vic"}
    ),
    "POST /api/organisations/{name}/accept": Rule("known", in_person=True, hidden=True, fill=LAB),
    "PUT /api/organisations/{name}/members/{user}": Rule(
        "known", in_person=True, hidden=True, fill=LAB | {"user": "eva"}, body={"role": "owner"}
    ),
    "DELETE /api/organisations/{name}/members/{user}": Rule(
        "known", in_person=True, hidden=True, fill=LAB | {"user": "eva"}
    ),
    # pages/admin.py
    "GET /admin.json": Rule("admin", "admin"),
    "GET /admin/audit.json": Rule("admin", "admin"),
    "GET /admin/audit.jsonl": Rule("admin", "admin"),
    "POST /api/users": Rule("admin", "admin", body={"name": "another"}),
    "PUT /api/users/{name}": Rule("admin", "admin", body={}),
    "POST /api/users/{name}/reset": Rule("admin", "admin"),
    # pages/openid.py
    "GET /openid/start": Rule(),
    "GET /openid/callback": Rule(strict=False),
    # pages/runs.py, run.py, samples.py, sample.py, live.py
    "GET /runs.json": Rule(),
    "GET /runs/{run}.json": Rule(hidden=True),
    "GET /runs/{run}/files/{name}": Rule(hidden=True, fill={"name": "results.json"}),
    "GET /runs/{run}/samples.json": Rule(hidden=True),
    "GET /runs/{run}/samples.jsonl": Rule(hidden=True),
    "GET /runs/{run}/sample.json": Rule(hidden=True, query="benchmark=arithmetic&model=needle/m&id=0"),
    # pages/publishing.py, verification.py, arena.py, pushes.py
    "GET /runs/{run}/provenance.json": Rule(hidden=True),
    "PUT /api/runs/{run}/visibility": Rule("evaluator", "publish", hidden=True, body={"visibility": "private"}),
    "DELETE /api/runs/{run}": Rule("evaluator", "push", hidden=True),
    "GET /arena.json": Rule(),
    "GET /arena/ratings.json": Rule(),
    "GET /arena/votes.jsonl": Rule(),
    "GET /arena/voters.json": Rule("admin", "admin"),
    # pages/rank.py, models.py
    "GET /rank.json": Rule(),
    "GET /rank.csv": Rule(),
    "GET /rank.parquet": Rule(),
    "GET /rank/history.json": Rule(),
    "GET /rank/plot.json": Rule(),
    "GET /rank/plot.svg": Rule(),
    "GET /rank/plot.png": Rule(),
    "GET /models/{model}.json": Rule(),
    # pages/hub.py, hub_one.py
    "GET /hub.json": Rule(),
    "GET /hub/{name}.json": Rule(fill={"name": "arithmetic"}),
    # pages/compare.py, compare_flip.py
    "GET /compare.json": Rule(hidden=True, query="runs=RUN,RUN"),
    "GET /compare/flip.json": Rule(hidden=True, loose=True, query="runs=RUN,RUN&benchmark=arithmetic&id=0"),
    # pages/hub_items.py, hub_new.py, pictures.py
    "GET /hub/{name}/samples.json": Rule(fill={"name": "arithmetic"}),
    "GET /hub/{name}/pictures/{sha256}": Rule(fill={"name": "arithmetic"}),
    "GET /hub/new.json": Rule("evaluator", "read"),
    "GET /hub/{name}/change.json": Rule("evaluator", "read"),
    "POST /api/benchmarks": Rule("evaluator", "push", loose=True, body={}),
    "PUT /api/benchmarks/{name}": Rule("evaluator", "push", loose=True, body={}),
    "DELETE /api/benchmarks/{name}": Rule("evaluator", "push"),
    "PUT /api/benchmarks/{name}/file": Rule("evaluator", "push", loose=True),
    "GET /runs/{run}/pictures/{sha256}": Rule(hidden=True),
    # pages/live.py, verifications.py
    "GET /runs/{run}/events": Rule(hidden=True),
    "GET /runs/{run}/verifications.json": Rule(hidden=True),
    "POST /api/runs/{run}/verifications": Rule("evaluator", "submit", hidden=True, loose=True, body={"share": 2}),
    # pages/jobs.py, keys.py, submit.py
    "GET /jobs.json": Rule(),
    "GET /jobs/{job}.json": Rule("known", "read", hidden=True),
    "POST /api/jobs/{job}/pause": Rule("evaluator", "submit", hidden=True),
    "POST /api/jobs/{job}/cancel": Rule("evaluator", "submit", hidden=True),
    "POST /api/jobs/{job}/resume": Rule("evaluator", "submit", hidden=True),
    "PUT /api/jobs/{job}/priority": Rule("evaluator", "submit", hidden=True, loose=True, body={}),
    "GET /keys.json": Rule("known", "read"),
    "POST /api/keys": Rule("evaluator", "submit", loose=True, body={}),
    "DELETE /api/keys/{number}": Rule("evaluator", "submit"),
    "GET /submit.json": Rule(),
    "POST /api/models/test": Rule("evaluator", "submit", loose=True, body={}),
    "POST /api/estimates": Rule("evaluator", "submit", loose=True, body={}),
    "POST /api/jobs": Rule("evaluator", "submit", loose=True, body={}),
    # pages/pushes.py, arena.py
    "POST /api/pushes": Rule("evaluator", "push", loose=True, body={}),
    "GET /api/pushes/{push}": Rule("evaluator", "push"),
    "PUT /api/pushes/{push}/files/{name}/{piece}": Rule("evaluator", "push", loose=True),
    "POST /api/pushes/{push}/done": Rule("evaluator", "push"),
    "GET /arena/battles/{battle}.json": Rule(scope="vote"),
    "POST /api/battles": Rule(scope="vote"),
    "POST /api/battles/{battle}/vote": Rule(scope="vote", body={"choice": "tie"}),
}
