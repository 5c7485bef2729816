"""One file over HTTP, from a local server that serves, breaks off, sends other bytes, hangs and refuses."""

import errno
import hashlib
import os
import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from file_server import CONTENT, DIGEST, HASTE, Behaviour

from face3d.depth import download
from face3d.errors import WeightsError


def left_over(folder):
    """What lies in a folder beside lock files and recorded hashes."""
    return sorted(path.name for path in folder.iterdir() if path.suffix not in (".lock", ".sha256"))


def test_a_download_arrives_whole_with_progress(server, file, tmp_path):
    reported = []
    download.download(file, tmp_path / "net.pt", lambda done, total: reported.append((done, total)), HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT
    assert reported == sorted(reported)
    assert reported[-1] == (len(CONTENT), len(CONTENT))
    assert left_over(tmp_path) == ["net.pt"]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
def test_a_store_that_a_group_shares_is_the_groups(server, file, tmp_path):
    before = os.umask(0o002)
    try:
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    finally:
        os.umask(before)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == dict.fromkeys(
        ("net.pt", "net.pt.sha256", "net.pt.lock"), "0o664"
    )


def test_what_is_there_is_not_fetched_again(server, file, tmp_path):
    (tmp_path / "net.pt").write_bytes(b"mine")
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert server.behaviour.requests == []
    assert (tmp_path / "net.pt").read_bytes() == b"mine"


def test_a_broken_download_is_resumed_where_it_broke(server, file, tmp_path):
    server.behaviour.answers = ["break", "break", "serve"]
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    starts = [int(part[6:-1]) for part in server.behaviour.requests[1:]]
    sent = [
        len(CONTENT) // 2,
        starts[0] + (len(CONTENT) - starts[0]) // 2,
    ]  # how far the server had got when it broke off
    assert len(starts) == 2
    assert all(0 <= until - start < download.BLOCK for start, until in zip(starts, sent, strict=True))
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_a_download_that_stalls_half_way_goes_on_with_a_new_request(server, file, tmp_path):
    server.behaviour.answers = ["stall", "serve"]
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert [bool(part) for part in server.behaviour.requests] == [False, True]
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_the_missing_part_is_requested_behind_a_redirect_too(server, file, tmp_path):
    server.behaviour.answers = ["redirect", "break", "redirect", "serve"]
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    parts = server.behaviour.requests
    assert parts[:2] == [None, None]
    assert parts[2] == parts[3]
    assert parts[3].startswith("bytes=")
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_more_than_the_server_has_is_thrown_away(server, file, tmp_path):
    (tmp_path / "net.pt.part").write_bytes(CONTENT + b"more")
    (tmp_path / "net.pt.part.version").write_text('"one"')
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert server.behaviour.requests == [f"bytes={len(CONTENT) + 4}-", None]
    assert (tmp_path / "net.pt").read_bytes() == CONTENT
    assert left_over(tmp_path) == ["net.pt"]


@pytest.mark.parametrize("change", [{"ranges": False}, {"etag": None}], ids=["no ranges", "no version"])
def test_a_server_that_cannot_resume_sends_from_the_start(server, file, tmp_path, change):
    server.behaviour = replace(server.behaviour, answers=["break", "serve"], **change)
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_a_part_other_than_the_requested_one_is_refused(server, file, tmp_path):
    server.behaviour = replace(server.behaviour, answers=["break", "serve"], shift=-1000)
    download.download(replace(file, sha256=""), tmp_path / "net.pt", retry_policy=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT
    assert [bool(part) for part in server.behaviour.requests] == [False, True, False]


def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one(server, file, tmp_path):
    server.behaviour.content = b"PK\x03\x04" + bytes(len(CONTENT) - 4)
    server.behaviour.answers = ["break", "403"]
    with pytest.raises(WeightsError):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    server.behaviour = Behaviour(etag='"two"')
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_is_given_up(server, file, tmp_path):
    server.behaviour = replace(server.behaviour, answers=["break"], ranges=False)
    with pytest.raises(WeightsError, match="broke off"):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert len(server.behaviour.requests) == 1 + HASTE.tries


def test_an_end_that_comes_early_without_an_error_is_noticed(server, file, tmp_path, monkeypatch):
    """As with urllib3 before 2, which does not compare what came with what was announced."""
    monkeypatch.setattr(requests.Response, "iter_content", lambda *_: iter([CONTENT[:1000]]))
    server.behaviour.ranges = False
    with pytest.raises(WeightsError, match=f"broke off after 1000 of {len(CONTENT)} bytes"):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert not (tmp_path / "net.pt").exists()


def test_a_stopped_download_goes_on_at_the_next_call(server, file, tmp_path):
    class Stopped(Exception):
        pass

    def stop(done, total):
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        download.download(file, tmp_path / "net.pt", stop, HASTE)
    assert "net.pt" not in left_over(tmp_path)
    kept = (tmp_path / "net.pt.part").stat().st_size
    assert kept > 0
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert server.behaviour.requests[-1] == f"bytes={kept}-"
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_wrong_bytes_are_refused_and_removed(server, file, tmp_path):
    server.behaviour.content = CONTENT[:-1] + b"!"
    with pytest.raises(
        WeightsError,
        match=f"SHA-256 {hashlib.sha256(server.behaviour.content).hexdigest()} instead of {DIGEST}",
    ):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert left_over(tmp_path) == []


def test_the_first_digits_of_a_hash_suffice_and_count(server, file, tmp_path):
    download.download(replace(file, sha256=DIGEST[:8]), tmp_path / "net.pt", retry_policy=HASTE)
    with pytest.raises(WeightsError, match="instead of 00000000"):
        download.download(replace(file, sha256="00000000"), tmp_path / "other.pt", retry_policy=HASTE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>Sign in</html>".ljust(len(CONTENT)), "begins with b'<htm'"),
        (CONTENT[:1000], "0.0 MB instead of 1.0 MB"),
    ],
)
def test_without_a_published_hash_a_web_page_is_still_refused(server, file, tmp_path, content, message):
    server.behaviour.content = content
    with pytest.raises(WeightsError, match=re.escape(message)):
        download.download(replace(file, sha256=""), tmp_path / "net.pt", retry_policy=HASTE)
    assert left_over(tmp_path) == []


def test_a_server_that_hangs_is_given_up_soon(server, file, tmp_path):
    server.behaviour.answers = ["hang"]
    begin = time.monotonic()
    with pytest.raises(WeightsError, match="does not answer"):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert time.monotonic() - begin < 10
    assert len(server.behaviour.requests) == HASTE.tries


@pytest.mark.parametrize("status", ["403", "404"])
def test_a_refusal_is_final(server, file, tmp_path, status):
    server.behaviour.answers = [status]
    with pytest.raises(WeightsError, match=f"answered {status}"):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert len(server.behaviour.requests) == 1


def test_a_busy_server_is_tried_again(server, file, tmp_path):
    server.behaviour.answers = ["503", "429", "serve"]
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_pauses_double_while_nothing_comes_and_begin_anew_after_progress(server, file, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    server.behaviour.answers = ["503", "503", "503", "break", "503", "503", "503", "503"]
    with pytest.raises(WeightsError, match="answered 503"):
        download.download(file, tmp_path / "net.pt", retry_policy=replace(HASTE, tries=4, pause_seconds=1))
    assert pauses == [1, 2, 4, 1, 1, 2, 4]


def full_disk(path, *_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_reported_and_left_no_fuller(server, file, tmp_path, monkeypatch):
    real_open = Path.open

    class Full:
        def __init__(self, sink):
            self.sink = sink

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.sink.close()

        def __getattr__(self, name):
            return full_disk if name == "write" else getattr(self.sink, name)

    def opened(path, mode="r", *rest, **named):
        sink = real_open(path, mode, *rest, **named)
        return Full(sink) if path.suffix == ".part" and mode != "rb" else sink

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(WeightsError, match=re.escape(f"The disk is full: net.pt needs 1 MB in {tmp_path}")):
        download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert left_over(tmp_path) == []


def test_a_disk_too_small_is_reported_before_the_first_byte(server, file, tmp_path, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    reported = []
    with pytest.raises(WeightsError, match="disk is full"):
        download.download(file, tmp_path / "net.pt", lambda done, total: reported.append(done), HASTE)
    assert reported == []


def unreachable_address():
    """Where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/net.pt"


@pytest.mark.parametrize("address", [unreachable_address(), "http://no-such-name.invalid/net.pt"])
def test_without_a_network_it_is_said_at_once(file, tmp_path, monkeypatch, address):
    pauses = []
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    with pytest.raises(WeightsError, match="there is no connection to the server"):
        download.download(replace(file, url=address), tmp_path / "net.pt")
    assert pauses == []


def test_a_network_that_fails_after_an_answer_is_tried_again(server, file, tmp_path, monkeypatch):
    """As where a telephone changes its network: the connection breaks off, then there is none for a while."""
    real, tries = requests.get, []

    def get(url, **options):
        tries.append(url)
        return real(unreachable_address() if len(tries) in (2, 3) else url, **options)

    monkeypatch.setattr(requests, "get", get)
    server.behaviour.answers = ["break", "serve"]
    download.download(file, tmp_path / "net.pt", retry_policy=HASTE)
    assert len(tries) == 4
    assert (tmp_path / "net.pt").read_bytes() == CONTENT
