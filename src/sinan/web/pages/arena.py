"""`/arena`: which answer is better? Two answers without names, a vote, and then the names; ratings from all votes."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import case, func, select

from sinan.web.page import Document, page
from sinan.web.service import battles as drawing
from sinan.web.service import rates, ratings, voting
from sinan.web.service.tables import users, votes
from sinan.web.service.voting import Choice, Voter
from sinan.web.site import By, Here, Site

router = APIRouter()
BattleName = Annotated[str, Path(max_length=32, pattern=r"^[A-Za-z0-9_-]+$", description="The battle's id")]


class ArenaPage(Document):
    """Where voting begins."""

    waiting: str
    """The question that waits for the reader's vote; empty where none does."""
    may_vote: bool
    counts: bool
    """Whether the reader's votes can count: those of visitors do not."""
    is_admin: bool
    votes: int
    """That the ratings are made of."""


class Side(Document):
    """One answer. Who gave it, and what it scored, is told after the vote."""

    answer: str
    model: str | None = None
    run: str | None = None
    score: float | None = None
    outcome: str | None = None


class BattlePage(Document):
    """A question and two answers."""

    id: str
    question: str
    left: Side
    right: Side
    voted: Choice | None
    """How the reader voted."""
    benchmark: str | None
    sample: str | None


class Rated(Document):
    """A model's place."""

    model: str
    rating: float
    ci: tuple[float, float]
    rank_interval: tuple[int, int]
    tie_group: str
    n: int
    wins: int
    losses: int
    ties: int


class Met(Document):
    """How often two models met, and how often the first won; a tie is half a win."""

    a: str
    b: str
    votes: int
    share: float | None


class RatingsPage(Document):
    """Who is ahead by the votes."""

    made: int | None
    votes: int
    standings: list[Rated]
    pairs: list[Met]
    notes: list[str]
    method: str
    why: str
    """Why there are none; empty where there are."""


class VoterRow(Document):
    """Somebody who votes."""

    voter: str
    name: str
    votes: int
    counted: int
    checks: int
    passed: int
    fast: int
    again: int
    fails: bool
    last: int


class VotersPage(Document):
    """Who votes, and whose votes count."""

    voters: list[VoterRow]


def _voter(here: Site, by: By) -> Voter:
    return voting.voter(by, here.ciphers, here.config.public)


def _may(here: Site, by: By) -> Voter | None:
    """Who would vote; None where they may not."""
    if by.person is None and not here.config.public:
        return None
    return _voter(here, by) if by.person is None or by.may("vote") else None


@page(router, "/arena", "arena.html", summary="Where voting begins")
def arena(here: Here, by: By) -> ArenaPage:
    """Which answer is better?"""
    who = _may(here, by)
    with here.database.read() as connection:
        waiting = voting.waiting(connection, by, who) if who else None
        board = ratings.stored(connection).get("board") or {}
    return ArenaPage(
        waiting=waiting or "",
        may_vote=who is not None,
        counts=who is not None and not who.visitor,
        is_admin=by.admin,
        votes=board.get("votes", 0),
    )


@page(router, "/arena/battles/{battle}", "battle.html", summary="A question and two answers")
def battle(here: Here, by: By, battle: BattleName) -> BattlePage:
    """Two answers without names; with them after the vote. Who was shown it sees it, and nobody else."""
    who = _voter(here, by)
    with here.database.read() as connection:
        row = voting.shown(connection, by, who, battle)
        winner = connection.execute(select(votes.c.winner).where(votes.c.battle == battle)).scalar()
    told, after = row.shown, winner is not None
    return BattlePage(
        id=row.id,
        question=told["question"],
        left=_side("left", row, after),
        right=_side("right", row, after),
        voted={"model_a": "left", "model_b": "right"}.get(winner, winner) if winner else None,
        benchmark=row.benchmark if after else None,
        sample=row.sample if after else None,
    )


def _side(side: str, row: Any, after: bool) -> Side:
    answer = row.shown.get(side, "")
    if not after:
        return Side(answer=answer)
    run = getattr(row, f"{side}_run")
    told = row.shown.get("after", {})
    return Side(
        answer=answer,
        model=getattr(row, f"{side}_model"),
        run=None if run == voting.LIVE else run,
        score=told.get(f"{side}_score"),
        outcome=told.get(f"{side}_outcome"),
    )


@page(router, "/arena/ratings", "ratings.html", summary="Ratings from the votes")
def rated(here: Here, by: By) -> RatingsPage:
    """Bradley-Terry ratings of the votes that count, with intervals and the ranks that each model may have."""
    with here.database.read() as connection:
        told = ratings.stored(connection)
    board = told.get("board")
    if not board:
        why = told.get("why", "Nobody has voted yet, or no vote counts yet.")
        return RatingsPage(made=told.get("made"), votes=0, standings=[], pairs=[], notes=[], method="", why=why)
    return RatingsPage(
        made=told["made"],
        votes=board["votes"],
        standings=[_rated(one) for one in board["standings"]],
        pairs=_pairs(board["wins"]),
        notes=board["notes"],
        method=board["method"],
        why="",
    )


def _rated(one: dict[str, Any]) -> Rated:
    counts = {name: one["outcomes"].get(name, 0) for name in ("wins", "losses", "ties")}
    told = {name: one[name] for name in ("model", "ci", "rank_interval", "tie_group", "n")}
    return Rated(rating=one["value"], **told, **counts)


def _pairs(wins: dict[str, Any]) -> list[Met]:
    """Those that met, the most frequent first."""
    names = wins["models"]
    found = [
        Met(a=a, b=b, votes=wins["votes"][i][j], share=wins["share"][i][j])
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j and wins["votes"][i][j]
    ]
    return sorted(found, key=lambda one: (-one.votes, one.a, one.b))[:500]


@router.get(
    "/arena/votes.jsonl",
    tags=["arena"],
    summary="The votes that make the ratings, as `sinan rank --votes` reads them",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def exported(here: Here, by: By) -> StreamingResponse:
    """One vote per line. Voters stand under pseudonyms."""
    named = {"Content-Disposition": 'attachment; filename="votes.jsonl"'}
    return StreamingResponse(
        ratings.lines(here.database, here.ciphers), media_type="application/x-ndjson", headers=named
    )


@page(router, "/arena/voters", "voters.html", summary="Who votes, and whose votes count")
def voters(here: Here, by: By) -> VotersPage:
    """For administrators."""
    by.known("admin", "admin")
    with here.database.read() as connection:
        rows = connection.execute(
            select(
                votes.c.voter,
                func.count().label("votes"),
                func.sum(case((votes.c.counted, 1), else_=0)).label("counted"),
                func.sum(case((votes.c.why_not == voting.FAST, 1), else_=0)).label("fast"),
                func.sum(case((votes.c.why_not == voting.AGAIN, 1), else_=0)).label("again"),
                func.max(votes.c.created).label("last"),
            )
            .group_by(votes.c.voter)
            .order_by(func.count().desc(), votes.c.voter)
            .limit(200)
        ).all()
        names = {f"user:{one.id}": one.name for one in connection.execute(select(users.c.id, users.c.name))}
        checked = {row.voter: voting.checks(connection, row.voter) for row in rows}
    return VotersPage(
        voters=[
            VoterRow(
                **row._mapping,
                name=names.get(row.voter, ""),
                checks=len(checked[row.voter]),
                passed=sum(checked[row.voter]),
                fails=voting.fails(checked[row.voter]),
            )
            for row in rows
        ]
    )


class NewBattle(BaseModel):
    """A question to vote on."""

    id: str


class Vote(BaseModel):
    """Which answer is better."""

    choice: Choice


@router.post("/api/battles", tags=["arena"], summary="The next question to vote on", status_code=201)
def next_battle(here: Here, by: By) -> NewBattle:
    """The one that still waits for a vote, where there is one."""
    who = _voter(here, by)
    rates.take(here, by, "asking for a question", 60)  # looking for one that is not there takes the longest
    with here.database.read() as connection:
        waiting = voting.waiting(connection, by, who)
        if waiting:
            return NewBattle(id=waiting)
        voting.refuse_hurry(connection, who)
        told = ratings.stored(connection)
    drawn = drawing.draw(here.database, here.runs, by, who.name, ratings.strengths(told), ratings.met(told))
    with here.database.write() as connection:
        voting.refuse_hurry(connection, who)
        return NewBattle(id=voting.waiting(connection, by, who) or drawing.store(connection, who.name, drawn))


@router.post("/api/battles/{battle}/vote", tags=["arena"], summary="Vote", status_code=204)
def vote(here: Here, by: By, battle: BattleName, given: Annotated[Vote, Body()]) -> None:
    """Once, by whom it was shown to. Who the two are is told on its page then."""
    who = _voter(here, by)
    with here.database.write() as connection:
        voting.vote(connection, by, who, battle, given.choice)
