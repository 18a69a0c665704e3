"""Asks a site from the command line: who one is there, and requests with a token. The standard library alone.

Tokens are kept in `servers.json` of the user's configuration folder, which only its owner can read, and are sent to the
very address that they were given for: a redirect is not followed.
"""

import base64
import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from sinan.errors import SinanError, UsageError

TRIES, WAIT_S, TIMEOUT_S = 4, 0.5, 120.0
FILES = ("run.json", "journal.jsonl", "results.json")
"""What is pushed of a run; all else is derived from it there."""
SCOPES = ["read", "submit", "push", "publish", "vote"]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: Any, **how: Any) -> None:
        return None


@dataclass(frozen=True)
class Server:
    """A site, and who one is there."""

    address: str
    token: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)

    def ask(
        self, method: str, path: str, body: Any = None, raw: bytes | None = None, digest: str = ""
    ) -> tuple[Any, Mapping[str, str]]:
        """The answer's value and headers. What may be sent again is, where the network fails.

        Raises UsageError with what the site says, SinanError where it does not answer."""
        data = raw if raw is not None else json.dumps({} if body is None else body).encode()
        headers = {"Content-Type": "application/octet-stream" if raw is not None else "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Cookie": self.cookie} if self.cookie else {}
        headers |= {"Content-Digest": digest} if digest else {}
        request = urllib.request.Request(self.address + path, None if method == "GET" else data, headers, method=method)
        for left in reversed(range(TRIES if method in ("GET", "PUT") else 1)):
            try:
                with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S) as answer:
                    return _value(answer.read()), dict(answer.headers)
            except urllib.error.HTTPError as error:
                if error.code in (429, 503) and left:
                    time.sleep(min(30.0, _seconds(error.headers.get("Retry-After"))))
                    continue
                raise UsageError(f"{self.address}: {_why(error)}") from None
            except (OSError, ValueError) as error:
                if not left:
                    reason = getattr(error, "reason", None) or error
                    raise SinanError(f"{self.address} does not answer: {reason}. Remedy: try again later") from None
                time.sleep(WAIT_S * 2 ** (TRIES - left))
        raise SinanError(f"{self.address} does not answer")


def _value(raw: bytes) -> Any:
    return json.loads(raw) if raw else None


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdecimal() else 1.0


def _why(error: urllib.error.HTTPError) -> str:
    try:
        told = json.loads(error.read(1 << 20))
        return "; ".join([str(told["error"]), *map(str, told.get("fields", ()))])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{error.code} {error.reason}"


def normal(address: str) -> str:
    """`https://host`, without a slash at its end. Raises UsageError."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise UsageError(f"{address} is no address of a site: write it like https://host or http://127.0.0.1:8765")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def kept_in() -> Path:
    """The file of tokens."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "sinan" / "servers.json"


def known() -> dict[str, str]:
    """Tokens by address, the last that was signed in to last."""
    try:
        found = json.loads(kept_in().read_text("utf-8"))
        return {str(name): str(token) for name, token in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        raise UsageError(f"{kept_in()} cannot be read. Remedy: remove it, and sinan login again") from None


def keep(address: str, token: str) -> None:
    """Keep a token where its owner alone can read it, whole or not at all."""
    path, found = kept_in(), known()
    found.pop(address, None)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(found | {address: token}, file, indent=1)
    temporary.replace(path)


def server(address: str | None) -> Server:
    """The site that is named, by the option or by SINAN_SERVER, else the last that was signed in to; the token is
    SINAN_TOKEN or the one that is kept. Raises UsageError."""
    found, wanted = known(), address or os.environ.get("SINAN_SERVER")
    name = normal(wanted) if wanted else next(reversed(found), None)
    if name is None:
        raise UsageError("no site is known. Remedy: sinan login URL, or --server URL")
    token = os.environ.get("SINAN_TOKEN") or found.get(name)
    if not token:
        raise UsageError(f"nobody is signed in to {name}. Remedy: sinan login {name}")
    return Server(name, token)


def sign_in(address: str, name: str, password: str, machine: str) -> str:
    """A new token of whoever has this name and password; the session that made it ends."""
    told = {"name": name, "password": password}
    _, headers = Server(address).ask("POST", "/api/session", told)
    cookie = next((v for k, v in headers.items() if k.lower() == "set-cookie"), "").partition(";")[0]
    there = Server(address, cookie=cookie)
    token, _ = there.ask("POST", "/api/tokens", {"name": f"sinan on {machine}"[:64], "scopes": SCOPES, "days": 90})
    there.ask("DELETE", "/api/session")
    return str(token["token"])


def push(
    there: Server, folder: Path, run: str, heard: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Send a run, the pieces that are not there yet; what came of it. Raises UsageError where it is refused."""
    paths = {name: folder / name for name in FILES if (folder / name).exists()}
    files: dict[str, Any] = {
        name: {"size": path.stat().st_size, "sha256": _sha256(path)} for name, path in paths.items()
    }
    state, _ = there.ask("POST", "/api/pushes", {"run": run, "files": files})
    done, total = 0, sum(one["size"] for one in files.values())
    for name, path in paths.items():
        here = set(state["files"][name]["received"])
        with path.open("rb") as file:
            for number in range(-(-files[name]["size"] // state["piece_bytes"])):
                data = file.read(state["piece_bytes"])
                if number not in here:
                    there.ask("PUT", f"/api/pushes/{state['id']}/files/{name}/{number}", raw=data, digest=_digest(data))
                done += len(data)
                heard(done, total)
    state, _ = there.ask("POST", f"/api/pushes/{state['id']}/done")
    while state["state"] == "checking":
        time.sleep(0.5)
        state, _ = there.ask("GET", f"/api/pushes/{state['id']}")
    if state["state"] != "done":
        raise UsageError(f"{there.address} refuses the run: {state['error']}")
    return {name: state[name] for name in ("run", "checked")} | {"address": f"{there.address}/runs/{state['run']}"}


def publish(there: Server, run: str) -> None:
    """Let everybody read it."""
    there.ask("PUT", f"/api/runs/{quote(run)}/visibility", {"visibility": "public"})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
