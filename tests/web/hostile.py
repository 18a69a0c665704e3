"""A run whose every text wants to be a script, and a reader of pages that says whether one became anything."""

import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import orjson

TEXT = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)>\"' onmouseover=alert(1) "
    '[a](javascript:alert(1)) ![b](https://evil.test/x.png) <a href="javascript:alert(1)">c</a> '
    "<style>*{color:red}</style><iframe src=//evil.test></iframe> {{ 7*7 }} ${7*7} $\\href{javascript:alert(1)}{x}$ "
    "\u202e\u2066 --><!-- ]]> \r\nSet-Cookie: a=b"
)
MODEL = 'needle/xs"><script>alert(2)</script>'
BENCHMARK = "arith<img src=x onerror=alert(3)>"
GROUP = 'level\'" onfocus=alert(4) autofocus x="'
SAMPLE = '7"><svg onload=alert(5)>'

REPLACED = {"benchmark": BENCHMARK, "model": MODEL, "group": GROUP, "sample_id": SAMPLE}
TEXTS = ("completion", "reasoning", "answer", "target", "explanation", "cluster")


def make(runs: Path, folder: Path) -> None:
    """Turn the run of `folder` into a hostile one."""
    for name in ("run.json", "results.json"):
        path = folder / name
        path.write_bytes(orjson.dumps(_turned(orjson.loads(path.read_bytes()))))
    samples = folder / "samples.parquet"
    with duckdb.connect() as connection:
        values = REPLACED | dict.fromkeys(TEXTS, TEXT)
        values |= {"prompt": orjson.dumps(TEXT).decode(), "metadata": orjson.dumps({TEXT: TEXT}).decode()}
        set_ = ", ".join(f'? AS "{name}"' for name in values)
        source, written = str(samples), str(samples) + ".new"
        query = f"COPY (SELECT * REPLACE ({set_}) FROM read_parquet(?)) TO '{written}' (FORMAT parquet)"
        connection.execute(query, [*values.values(), source])
    Path(written).replace(samples)


def _turned(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        return {_key(name): _turned(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_turned(one, key) for one in value]
    if isinstance(value, str):
        if key in REPLACED or key in ("targets", "models", "name"):
            return {"arithmetic": BENCHMARK, "needle/xs": MODEL}.get(value, GROUP if key == "group" else value)
        if key in ("prompt", "solver", "scorer", "error", "note", "notes", "few_shot"):
            return TEXT
    return value


def _key(name: str) -> str:
    return {"arithmetic": BENCHMARK, "needle/xs": MODEL}.get(name, name)


ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcset", "ping", "background")
FORBIDDEN = ("iframe", "object", "embed", "base", "frame", "applet", "link-", "foreignobject", "animate", "set")

OUR_SCRIPT = r"/static/[0-9a-f]{12}/[\w.-]+\.js"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        held = dict(attrs)
        if len(held) != len(attrs):
            self.faults.append(f"an attribute twice: {attrs}")
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}>")
        ours = held.get("type") == "application/json" or re.fullmatch(OUR_SCRIPT, held.get("src") or "")
        if tag == "script" and not ours:
            self.faults.append(f"a script of its own: {attrs}")
        if tag == "style" or "style" in held:
            self.faults.append(f"style: {tag} {attrs}")
        if tag == "meta" and "http-equiv" in held:
            self.faults.append(f"meta: {attrs}")
        self.faults += [f"a handler: {name} in {tag}" for name in held if name.startswith("on")]
        for name in ADDRESSES:
            self._address(tag, name, held.get(name))
        if held.get("id"):
            self.ids.append(held["id"] or "")

    def _address(self, tag: str, name: str, value: str | None) -> None:
        if value is None:
            return
        plain = re.sub(r"[\x00-\x20]", "", value).lower()
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", plain)
        if scheme and not (tag == "img" and plain.startswith("data:image/")) and scheme[1] not in ("http", "https"):
            self.faults.append(f"{tag} {name}={value}")
        outside = plain.startswith("//") or (scheme and scheme[1] in ("http", "https"))
        if outside and (tag != "a" or "evil" in plain):
            self.faults.append(f"another host: {tag} {name}={value}")
        if tag == "a" and name == "href":
            self.links.append(value)


def read(text: str) -> _Reader:
    """The page, looked at. `faults` says what is active in it that must not be, `links` where it leads."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader
