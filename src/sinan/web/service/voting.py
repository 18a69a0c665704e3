"""Who may vote, how often, and which votes count.

A vote counts where it is of somebody with an account, on a question that they have not judged of these two models
before, given no faster than the answers can be read, and no check. Of somebody who fails the checks no vote counts.
Votes of visitors never do: an address costs nothing. Nobody is told which of their votes counted, administrators
excepted.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from sinan.web.failures import Clash, Missing, NotSignedIn, TooMany
from sinan.web.service import audit, shelf
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.people import Asker
from sinan.web.service.tables import battles, now, runs, votes

Choice = Literal["left", "right", "tie", "both_bad"]
MINUTE, DAY = 60_000, 86_400_000
PER_MINUTE, PER_DAY = 12, 400
"""Battles of somebody with an account; of a visitor's address a quarter."""
OPEN_MS = DAY
"""How long a battle waits for its vote."""
LIVE = "live"
"""Stands for the run of an answer that was made for the arena."""

LEAST_MS, CHARACTERS_PER_S, MOST_MS = 1_500, 250, 12_000
"""The time that reading takes at the very least."""
CHECKED, FAIL_FROM = 12, 8
"""So many of a voter's last checks are looked at, from so many on."""

VISITOR, FAST, AGAIN, CHECK, FAILS = "visitor", "too fast", "again", "check", "fails checks"


@dataclass(frozen=True)
class Voter:
    """Who votes, as battles and votes name them."""

    name: str
    visitor: bool

    @property
    def limits(self) -> tuple[int, int]:
        """Battles in a minute and in a day."""
        return (PER_MINUTE // 4, PER_DAY // 4) if self.visitor else (PER_MINUTE, PER_DAY)


def voter(asker: Asker, ciphers: Ciphers, public: bool) -> Voter:
    """Raises NotSignedIn, Denied."""
    if asker.person is not None:
        person = asker.known("vote", "viewer", "evaluator")
        return Voter(f"user:{person.id}", visitor=False)
    if not public:
        raise NotSignedIn()
    return Voter("visitor:" + ciphers.pseudonym("voter", _network(asker.address)), visitor=True)


def _network(address: str) -> str:
    """Of IPv6 the network that one household or machine has: it holds 2^64 addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def refuse_hurry(connection: Connection, who: Voter) -> None:
    """Raises TooMany where they were shown too many battles."""
    for span, most in zip((MINUTE, DAY), who.limits, strict=True):
        since = now() - span
        times = select(func.count(), func.min(battles.c.created)).where(
            battles.c.voter == who.name, battles.c.created > since
        )
        count, first = connection.execute(times).one()
        if count >= most:
            wait = max(1.0, (first - since) / 1000)
            raise TooMany(f"{count} questions are enough for now: go on in {wait:.0f} s", wait)


def waiting(connection: Connection, asker: Asker, who: Voter) -> str | None:
    """The battle that still waits for this voter's vote: another is not drawn, so that nobody picks among them."""
    rows = connection.execute(
        select(battles)
        .where(battles.c.voter == who.name, battles.c.voted.is_(None), battles.c.created > now() - OPEN_MS)
        .order_by(battles.c.created.desc())
        .limit(5)
    )
    return next((str(row.id) for row in rows if is_visible(connection, asker, row)), None)


def is_visible(connection: Connection, asker: Asker, battle: Any) -> bool:
    """Whether the asker may still read both answers."""
    wanted = {battle.left_run, battle.right_run} - {LIVE}
    there = select(func.count()).select_from(runs).where(runs.c.id.in_(wanted), shelf.visible(asker))
    return not wanted or connection.execute(there).scalar_one() == len(wanted)


def shown(connection: Connection, asker: Asker, who: Voter, name: str) -> Any:
    """The row of a battle that this voter was shown. Raises Missing."""
    row = connection.execute(select(battles).where(battles.c.id == name, battles.c.voter == who.name)).first()
    if row is None or not is_visible(connection, asker, row):
        raise Missing("there is no such question, or it is another's")
    return row


def vote(connection: Connection, asker: Asker, who: Voter, name: str, choice: Choice) -> None:
    """Take a vote, once. Raises Missing, Clash."""
    battle = shown(connection, asker, who, name)
    if battle.created < now() - OPEN_MS:
        raise Clash("this question has waited too long. Remedy: ask for the next")
    if "left" not in battle.shown:
        raise Clash("the answers are not there yet")
    taken = battles.update().where(battles.c.id == name, battles.c.voted.is_(None)).values(voted=now())
    if connection.execute(taken).rowcount != 1:
        raise Clash("you have voted on this question already")
    why = _why_not(connection, who, battle)
    connection.execute(
        votes.insert().values(
            battle=name,
            voter=who.name,
            model_a=battle.left_model,
            model_b=battle.right_model,
            winner={"left": "model_a", "right": "model_b"}.get(choice, choice),
            counted=not why,
            why_not=why,
            created=now(),
        )
    )
    if battle.held_out and not who.visitor and _fails(connection, who):
        _uncount(connection, asker, who)


def _why_not(connection: Connection, who: Voter, battle: Any) -> str:
    if who.visitor:
        return VISITOR
    if battle.held_out:
        return CHECK
    if now() - battle.created < reading_ms(battle.shown):
        return FAST
    if _again(connection, who, battle):
        return AGAIN
    return FAILS if _fails(connection, who) else ""


def reading_ms(told: Any) -> int:
    """How long it takes at least to have looked at a question and two answers."""
    length = sum(len(told.get(part) or "") for part in ("question", "left", "right"))
    return min(MOST_MS, LEAST_MS + 1000 * length // CHARACTERS_PER_S)


def _again(connection: Connection, who: Voter, battle: Any) -> bool:
    models = [battle.left_model, battle.right_model]
    before = (
        select(battles.c.id)
        .where(battles.c.voter == who.name, battles.c.voted.is_not(None), battles.c.id != battle.id)
        .where(battles.c.benchmark == battle.benchmark, battles.c.sample == battle.sample)
        .where(battles.c.left_model.in_(models), battles.c.right_model.in_(models))
    )
    return connection.execute(before.limit(1)).first() is not None


def checks(connection: Connection, name: str) -> list[bool]:
    """Of a voter's last checks whether each was passed: the answer that is known to be better was preferred."""
    rows = connection.execute(
        select(battles.c.held_out, votes.c.winner)
        .join_from(votes, battles)
        .where(votes.c.voter == name, battles.c.held_out != "")
        .order_by(votes.c.id.desc())
        .limit(CHECKED)
    )
    return [row.winner == ("model_a" if row.held_out == "left" else "model_b") for row in rows]


def fails(passed: list[bool]) -> bool:
    """Half of eight or more missed: of voters who are right five times in six, one in 33 comes to that at eight checks
    and one in 126 at twelve; of those who press any button 36 in 37."""
    return len(passed) >= FAIL_FROM and 2 * sum(passed) <= len(passed)


def _fails(connection: Connection, who: Voter) -> bool:
    return fails(checks(connection, who.name))


def _uncount(connection: Connection, asker: Asker, who: Voter) -> None:
    """No vote of theirs counts any more; administrators find it in the audit log."""
    lost = connection.execute(
        votes.update().where(votes.c.voter == who.name, votes.c.counted.is_(True)).values(counted=False, why_not=FAILS)
    ).rowcount
    audit.note(connection, asker, "arena.checks", who.name, votes=lost)
