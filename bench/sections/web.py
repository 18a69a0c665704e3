"""The site under load: what it takes to make boards, and to show them to many."""

import gzip
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boards_folder
import numpy as np
from evaluated import scratch, settings
from processes import PYTHON, SINAN, Violation, environment

from sections import Size
from sinan.web.config import Config
from sinan.web.service import people, shelf
from sinan.web.service.maker import once
from sinan.web.service.making import Maker
from sinan.web.site import Site, opened

TITLE = "The site: leaderboards"
SHAPES = {"small": (20, 10, 20), "usual": (200, 100, 100), "long": (200, 100, 500)}
"""Models, benchmarks, questions of each."""
RATE, SECONDS = 300, {"small": 2, "usual": 30, "long": 60}
OPEN_LOOP = Path(__file__).parent.parent / "open_loop.py"


def lines(size: Size) -> Iterator[str]:
    models, benchmarks, questions = SHAPES[size]
    with scratch() as folder:
        site = _site(folder, models, benchmarks, questions)
        maker = Maker(site.config.site / "boards", site.runs)
        first = _made(site, maker)
        few = _added(site, maker, boards_folder.names(benchmarks)[:1], questions)
        whole = _added(site, maker, boards_folder.names(benchmarks), questions)
        site.database.close()
        with _served(folder) as address:
            load = _first_load(address)
            page, twin = (_under_load(address + path, SECONDS[size]) for path in ("/rank", "/rank.json"))
    yield (
        f"{models} models on {benchmarks} benchmarks of {questions} questions, all public. Boards: processor seconds "
        f"of one process. Pages: {RATE} requests a second for {SECONDS[size]} s, asked by another process of the same "
        "machine in an open loop, timed from when each was due.\n"
    )
    yield "| what | |"
    yield "|---|--:|"
    yield f"| all boards made, s | {first:.1f} |"
    yield f"| ... one more run of one benchmark, s | {few:.1f} |"
    yield f"| ... one more run of {benchmarks} benchmarks, s | {whole:.1f} |"
    yield f"| first load of `/rank`: page, styles, scripts, compressed, kB | {load / 1000:.0f} |"
    for name, (middle, last, most) in (("/rank", page), ("/rank.json", twin)):
        yield f"| `{name}`: median, 99 of 100, all within, ms | {middle:.1f}, {last:.1f}, {most:.1f} |"


def _site(folder: Path, models: int, benchmarks: int, questions: int) -> Site:
    (folder / "runs").mkdir()
    for _ in boards_folder.write(folder / "runs", models, benchmarks, questions):
        pass
    site = opened(Config(runs=folder / "runs", site=folder / "site"))
    with site.database.write() as connection:
        people.create(connection, "admin", None, "admin")
    return site


def _made(site: Site, maker: Maker) -> float:
    """Processor seconds until all boards hold what the folder does."""
    began = time.process_time()
    shelf.index(site.database, site.runs, public=True)
    once(site.database, maker)
    return time.process_time() - began


def _added(site: Site, maker: Maker, benchmarks: list[str], questions: int) -> float:
    right = np.random.default_rng(len(benchmarks)).random((len(benchmarks), questions)) < 0.6
    template = site.runs / f".template-{len(benchmarks)}.parquet"
    boards_folder.run(site.runs, f"more{len(benchmarks)}", "vllm/added-7b", benchmarks, right, template)
    return _made(site, maker)


class _served:
    """`sinan serve` over a folder; its address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> str:
        command = [*SINAN, "serve", "--port", "0", "--publish"]
        self.process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            env=environment(settings(self.folder)),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().split()[-1]

    def __exit__(self, *_: object) -> None:
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _first_load(address: str) -> int:
    """Bytes over the wire of the page and what it names: scripts that are loaded later are not among them."""
    page = _sent(address + "/rank")
    text = gzip.decompress(page).decode()
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text))
    return len(page) + sum(len(_sent(address + one)) for one in named)


def _sent(address: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})) as answer:
        return bytes(answer.read())


def _under_load(address: str, seconds: int) -> tuple[float, float, float]:
    """Milliseconds: median, 99th of a hundred, most."""
    _sent(address)
    done = subprocess.run(
        [PYTHON, str(OPEN_LOOP), address, str(RATE), str(seconds)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    if told["failed"] or len(told["taken"]) != told["asked"]:
        raise Violation(f"{address}: {told['failed']} of {told['asked']} requests failed")
    taken = told["taken"]
    return tuple(1000 * taken[min(len(taken) - 1, int(len(taken) * share))] for share in (0.5, 0.99, 1.0))  # type: ignore[return-value]
