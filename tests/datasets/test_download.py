"""Pinned files: cached by content, verified, from a mirror or an address; every failure in one clear line."""

import functools
import hashlib
import http.server
import json
import multiprocessing
import threading

import pytest

from sinan.datasets import download, fetch, mirror, pinned, whereabouts
from sinan.errors import DataError
from sinan.types import Source

BYTES = b"question,answer\n1+1,2\n"
SHA = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def source():
    return Source("owner/name", "f" * 40, "data/small.csv", SHA)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache and no mirror, whatever this machine has; the network ends at a closed port."""
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SINAN_MIRROR", raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    mirror.index.cache_clear()
    return tmp_path / "cache" / "data" / SHA[:2] / SHA


@pytest.fixture
def folder(tmp_path):
    """A mirror without an index yet."""
    made = tmp_path / "mirror"
    (made / "sub").mkdir(parents=True)
    (made / "sub/small file.csv").write_bytes(BYTES)
    return made


def sums(folder):
    (folder / "SHA256SUMS").write_text(f"{SHA}  sub/small file.csv\n")
    return folder


INDEXES = {
    "SHA256SUMS": f"{SHA}  sub/small file.csv\n",
    "SHA256SUMS with stars and dots": f"{SHA} *./sub/small file.csv\n",
    "manifest.json of files": json.dumps({"files": [{"path": "sub/small file.csv", "sha256": SHA}]}),
    "manifest.json of paths": json.dumps({"sub/small file.csv": SHA}),
    "MANIFEST.md": f"| file | n | sha256 |\n|---|---|---|\n| `sub/small file.csv` | 2 | {SHA.upper()} |\n",
}


@pytest.mark.parametrize("index", INDEXES)
def test_a_folder_is_a_mirror_with_any_index(index, source, folder, cache, monkeypatch):
    (folder / index.split()[0]).write_text(INDEXES[index])
    monkeypatch.setenv("SINAN_MIRROR", str(folder))
    assert whereabouts(source) == "mirror"
    assert fetch(source).read_bytes() == BYTES
    assert fetch(source) == cache
    assert whereabouts(source) == "here"


def test_indexes_are_merged(source, folder, monkeypatch):
    (folder / "manifest.json").write_text(json.dumps({"other.csv": "0" * 64}))
    monkeypatch.setenv("SINAN_MIRROR", str(sums(folder)))
    assert fetch(source).read_bytes() == BYTES


@pytest.fixture
def server(folder):
    """The folder at an address; `asked` counts requests, `fail` makes the first so many answers a 503."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            state.asked.append(self.path)
            if state.fail and self.path.endswith(".csv"):
                state.fail -= 1
                self.send_error(503)
            else:
                super().do_GET()

        def log_message(self, *args):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    state = httpd
    state.asked, state.fail, state.url = [], 0, f"http://127.0.0.1:{httpd.server_port}"
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield state
    httpd.shutdown()
    httpd.server_close()


def test_an_address_is_a_mirror_and_is_asked_once(source, folder, server, monkeypatch):
    sums(folder)
    monkeypatch.setenv("SINAN_MIRROR", server.url + "/")
    assert fetch(source).read_bytes() == BYTES
    asked = len(server.asked)
    assert fetch(source).read_bytes() == BYTES
    assert len(server.asked) == asked
    assert server.asked[-1] == "/sub/small%20file.csv"


def test_a_server_that_stumbles_is_asked_again(source, folder, server, monkeypatch):
    sums(folder)
    monkeypatch.setenv("SINAN_MIRROR", server.url)
    server.fail = 2
    assert fetch(source).read_bytes() == BYTES


def test_a_server_that_keeps_failing_is_given_up(source, folder, server, monkeypatch):
    sums(folder)
    monkeypatch.setenv("SINAN_MIRROR", server.url)
    server.fail = 99
    with pytest.raises(DataError, match=r"cannot be read from the mirror.*Service Unavailable"):
        fetch(source)
    assert sum(path.endswith(".csv") for path in server.asked) == download.TRIES


def test_what_the_mirror_lacks_comes_from_where_it_is_published(source, folder, server, monkeypatch):
    (folder / "SHA256SUMS").write_text("")
    monkeypatch.setenv("SINAN_MIRROR", str(folder))
    monkeypatch.setattr(Source, "url", property(lambda self: f"{server.url}/sub/small%20file.csv"))
    assert whereabouts(source) == "fetchable"
    assert fetch(source).read_bytes() == BYTES


def test_offline_is_one_line_with_the_file_its_address_and_where_to_put_it(source, cache):
    with pytest.raises(DataError) as caught:
        fetch(source)
    message = str(caught.value)
    assert "\n" not in message
    for part in ("data/small.csv", "owner/name", source.url, str(cache), "SINAN_MIRROR=DIR", "no mirror is set"):
        assert part in message


def test_a_file_put_into_the_cache_by_hand_is_taken(source, cache):
    cache.parent.mkdir(parents=True)
    cache.write_bytes(BYTES)
    assert fetch(source) == cache


def test_a_file_that_is_not_what_was_pinned_is_refused(source, folder, cache, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", str(sums(folder)))
    (folder / "sub/small file.csv").write_bytes(b"tampered")
    with pytest.raises(DataError) as caught:
        fetch(source)
    for part in ("data/small.csv", SHA, hashlib.sha256(b"tampered").hexdigest(), str(folder / "sub/small file.csv")):
        assert part in str(caught.value)
    assert not list(cache.parent.iterdir())


def test_a_cached_file_that_decayed_is_fetched_again(source, folder, cache, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", str(sums(folder)))
    fetch(source)
    cache.write_bytes(b"decayed")
    assert fetch(source).read_bytes() == BYTES


def test_a_file_that_the_mirror_lists_and_lacks_is_named(source, folder, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", str(sums(folder)))
    (folder / "sub/small file.csv").unlink()
    with pytest.raises(DataError, match=r"small file\.csv"):
        fetch(source)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("/nowhere/at/all", "is no folder"),
        ("http://127.0.0.1:9", "cannot be read"),
    ],
)
def test_a_mirror_that_does_not_exist_is_named(where, message, source, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", where)
    with pytest.raises(DataError, match=message) as caught:
        fetch(source)
    assert where in str(caught.value)


def test_a_mirror_without_an_index_is_named(source, folder, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", str(folder))
    with pytest.raises(DataError, match=r"none of MANIFEST.md, SHA256SUMS, manifest.json"):
        fetch(source)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../b", "a\\..\\b"])
def test_a_path_that_leaves_the_mirror_is_refused(path, source, folder, monkeypatch):
    (folder / "manifest.json").write_text(json.dumps({path: SHA}))
    monkeypatch.setenv("SINAN_MIRROR", str(folder))
    with pytest.raises(DataError, match="outside of it"):
        fetch(source)


@pytest.mark.parametrize("text", ["[", "[1]", '{"files": [{"path": "x"}]}', "3"])
def test_a_broken_manifest_is_named(text, source, folder, monkeypatch):
    (folder / "manifest.json").write_text(text)
    monkeypatch.setenv("SINAN_MIRROR", str(folder))
    with pytest.raises(DataError, match=r"manifest\.json"):
        fetch(source)


def test_a_cache_that_cannot_be_written_is_named(source, folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path / "file"))
    monkeypatch.setenv("SINAN_MIRROR", str(sums(folder)))
    with pytest.raises(DataError, match="SINAN_CACHE"):
        fetch(source)


def test_processes_that_fetch_at_once_all_get_the_bytes(source, folder, cache, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", str(sums(folder)))
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        paths = pool.map(fetch, [source] * 16)
    assert set(paths) == {cache}
    assert [path.name for path in cache.parent.iterdir()] == [SHA]


def test_a_server_that_never_stops_sending_is_cut_off(source, folder, server, cache, monkeypatch):
    sums(folder)
    monkeypatch.setattr(download, "LARGEST", 10)
    monkeypatch.setenv("SINAN_MIRROR", server.url)
    with pytest.raises(DataError, match="more than 10 bytes"):
        fetch(source)
    assert not list(cache.parent.iterdir())


def test_what_is_not_pinned_cannot_be_had():
    with pytest.raises(DataError, match="not pinned"):
        pinned("owner/name", "f" * 40, "x.csv")
