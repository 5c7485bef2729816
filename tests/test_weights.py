"""The checkpoint store against a local server that serves, breaks off, lies, hangs and refuses; nothing outside 127.0.0.1 is asked."""

import errno
import hashlib
import http.server
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

import download
import weights
from download import Patience
from errors import WeightsError
from networks import NETWORKS, RemoteFile
from weights import Place

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 4096  # 1 MB that looks like a PyTorch file
DIGEST = hashlib.sha256(CONTENT).hexdigest()
HASTE = Patience(connect_seconds=2, read_seconds=0.5, tries=3, pause_seconds=0.01)


@dataclass
class Behaviour:
    """What the server does at each request: the n-th element of `answers`, the last one for all further requests."""

    answers: list[str] = field(default_factory=lambda: ["serve"])
    content: bytes = CONTENT
    etag: str | None = '"one"'
    ranges: bool = True
    requests: list[str | None] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        behaviour = self.server.behaviour
        answer = behaviour.answers[min(len(behaviour.requests), len(behaviour.answers) - 1)]
        behaviour.requests.append(self.headers.get("Range"))
        if answer.isdigit():
            self.send_response(int(answer))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if answer == "hang":
            self.server.released.wait(5)
            self.close_connection = True
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, behaviour.etag)
        start = int(asked[1]) if asked and same and behaviour.ranges else 0
        body = behaviour.content[start:]
        self.send_response(206 if start else 200)
        if behaviour.etag:
            self.send_header("ETag", behaviour.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer == "slow":
            time.sleep(0.5)
        self.wfile.write(body[: len(body) // 2] if answer == "break" else body)
        self.close_connection = answer == "break"

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # a client may stop half-way
            super().handle_error(request, client_address)


@pytest.fixture
def server(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    running = Server(("127.0.0.1", 0), Handler)
    running.behaviour, running.released = Behaviour(), threading.Event()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.released.set()
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def file(server):
    return RemoteFile("net.pt", f"http://127.0.0.1:{server.server_port}/net.pt", len(CONTENT), True, DIGEST)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(folder))
    monkeypatch.setattr(weights, "BUNDLED_FOLDER", tmp_path / "assets")
    return folder


@pytest.fixture
def spec(file):
    return replace(NETWORKS["midas_v21_small_256"], files=(file,))


def left_over(folder):
    """What lies in a folder beside lock files and recorded hashes."""
    return sorted(path.name for path in folder.iterdir() if path.suffix not in (".lock", ".sha256"))


def test_a_download_arrives_whole_with_progress(server, file, tmp_path):
    heard = []
    download.download(file, tmp_path / "net.pt", lambda done, total: heard.append((done, total)), HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT
    assert heard == sorted(heard)
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert left_over(tmp_path) == ["net.pt"]


def test_what_is_there_is_not_fetched_again(server, file, tmp_path):
    (tmp_path / "net.pt").write_bytes(b"mine")
    download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert server.behaviour.requests == []
    assert (tmp_path / "net.pt").read_bytes() == b"mine"


def test_a_broken_download_is_resumed_where_it_broke(server, file, tmp_path):
    server.behaviour.answers = ["break", "break", "serve"]
    download.download(file, tmp_path / "net.pt", patience=HASTE)
    starts = [int(asked[6:-1]) for asked in server.behaviour.requests[1:]]
    sent = [len(CONTENT) // 2, starts[0] + (len(CONTENT) - starts[0]) // 2]  # how far the server had got when it broke off
    assert len(starts) == 2
    assert all(0 <= until - start < download.BLOCK for start, until in zip(starts, sent, strict=True))
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


@pytest.mark.parametrize("change", [{"ranges": False}, {"etag": None}], ids=["no ranges", "no version"])
def test_a_server_that_cannot_resume_is_asked_from_the_start(server, file, tmp_path, change):
    server.behaviour = replace(server.behaviour, answers=["break", "serve"], **change)
    download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one(server, file, tmp_path):
    server.behaviour.content = b"PK\x03\x04" + bytes(len(CONTENT) - 4)
    server.behaviour.answers = ["break", "403"]
    with pytest.raises(WeightsError):
        download.download(file, tmp_path / "net.pt", patience=HASTE)
    server.behaviour = Behaviour(etag='"two"')
    download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_is_given_up(server, file, tmp_path):
    server.behaviour = replace(server.behaviour, answers=["break"], ranges=False)
    with pytest.raises(WeightsError, match="broke off"):
        download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert len(server.behaviour.requests) == 1 + HASTE.tries


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
    download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert server.behaviour.requests[-1] == f"bytes={kept}-"
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_wrong_bytes_are_refused_and_removed(server, file, tmp_path):
    server.behaviour.content = CONTENT[:-1] + b"!"
    with pytest.raises(WeightsError, match=f"SHA-256 {hashlib.sha256(server.behaviour.content).hexdigest()} instead of {DIGEST}"):
        download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert left_over(tmp_path) == []


def test_the_first_digits_of_a_hash_suffice_and_count(server, file, tmp_path):
    download.download(replace(file, sha256=DIGEST[:8]), tmp_path / "net.pt", patience=HASTE)
    with pytest.raises(WeightsError, match="instead of 00000000"):
        download.download(replace(file, sha256="00000000"), tmp_path / "other.pt", patience=HASTE)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"<html>Sign in</html>".ljust(len(CONTENT)), "begins with b'<htm'"), (CONTENT[:1000], "0.0 MB instead of 1.0 MB")],
)
def test_without_a_published_hash_a_web_page_is_still_told_from_a_checkpoint(server, file, tmp_path, content, told):
    server.behaviour.content = content
    with pytest.raises(WeightsError, match=re.escape(told)):
        download.download(replace(file, sha256=""), tmp_path / "net.pt", patience=HASTE)
    assert left_over(tmp_path) == []


def test_a_server_that_hangs_is_given_up_soon(server, file, tmp_path):
    server.behaviour.answers = ["hang"]
    begin = time.monotonic()
    with pytest.raises(WeightsError, match="does not answer"):
        download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert time.monotonic() - begin < 10
    assert len(server.behaviour.requests) == HASTE.tries


@pytest.mark.parametrize("status", ["403", "404"])
def test_a_refusal_is_final(server, file, tmp_path, status):
    server.behaviour.answers = [status]
    with pytest.raises(WeightsError, match=f"answered {status}"):
        download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert len(server.behaviour.requests) == 1


def test_a_busy_server_is_asked_again(server, file, tmp_path):
    server.behaviour.answers = ["503", "429", "serve"]
    download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


FETCH = """
import sys, weights
from dataclasses import replace
from networks import NETWORKS, RemoteFile
spec = NETWORKS["midas_v21_small_256"]
file = RemoteFile("net.pt", sys.argv[1], int(sys.argv[2]), True, sys.argv[3])
print(weights.fetch(replace(spec, files=(file,))))
"""


def test_two_processes_fetch_once(server, file, cache):
    server.behaviour.answers = ["slow"]
    arguments = [sys.executable, "-c", FETCH, file.url, str(len(CONTENT)), DIGEST]
    environment = {**os.environ, "PYTHONPATH": str(Path(weights.__file__).parent)}
    running = [subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].strip() for process in running]
    assert said == [str(cache / "net.pt")] * 2
    assert len(server.behaviour.requests) == 1


def full_disk(path, *_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_left_no_fuller(server, file, tmp_path, monkeypatch):
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
        download.download(file, tmp_path / "net.pt", patience=HASTE)
    assert not (tmp_path / "net.pt.part").exists()


def test_a_disk_too_small_is_told_before_the_first_byte(server, file, tmp_path, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    heard = []
    with pytest.raises(WeightsError, match="disk is full"):
        download.download(file, tmp_path / "net.pt", lambda done, total: heard.append(done), HASTE)
    assert heard == []


def test_a_cache_that_cannot_be_written_is_told(server, spec, cache, monkeypatch):
    cache.parent.joinpath("taken").write_text("a file where the folder should be")
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(cache.parent / "taken" / "folder"))
    with pytest.raises(WeightsError, match=r"cannot be written .* choose another folder"):
        weights.fetch(spec, patience=HASTE)


def test_a_read_only_cache_is_told(server, spec, cache, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(download.FileLock, "acquire", refuse)
    with pytest.raises(WeightsError, match=r"cannot be written \(Read-only file system\)"):
        weights.fetch(spec, patience=HASTE)


def test_without_network_the_error_says_all_that_helps(server, spec, cache):
    dead = replace(spec, files=(replace(spec.files[0], url="http://127.0.0.1:9/net.pt"),))
    with pytest.raises(WeightsError) as caught:
        weights.fetch(dead, patience=HASTE)
    message = str(caught.value)
    assert "net.pt (1 MB)" in message
    assert "http://127.0.0.1:9/net.pt" in message
    assert str(cache / "net.pt") in message
    assert weights.FOLDER_VARIABLE in message
    assert "bundled face network works" in message
    assert "\n" not in message


def test_the_order_is_yours_then_cache_then_bundled_then_download(server, spec, cache, tmp_path):
    def found(checkpoint=None):
        return weights.find_or_fetch(spec, checkpoint=checkpoint)

    yours, cached, bundled = tmp_path / "yours.pt", cache / "net.pt", tmp_path / "assets" / "net.pt"
    bundled.parent.mkdir()
    cache.mkdir()
    for path in (yours, cached, bundled):
        path.write_bytes(b"x")
    assert found(yours) == yours
    assert found() == cached
    cached.unlink()
    assert found() == bundled
    assert server.behaviour.requests == []
    bundled.unlink()
    assert found() == cached
    assert len(server.behaviour.requests) == 1


def test_a_path_that_is_not_there_is_told(spec, cache, tmp_path):
    with pytest.raises(WeightsError, match="no checkpoint at"):
        weights.find_or_fetch(spec, checkpoint=tmp_path / "absent.pt")


def test_status_tells_where_and_how_large(server, spec, cache):
    before = weights.status(spec)
    assert (before.place, before.here, before.text) == (Place.ABSENT, False, "will be downloaded, 1 MB")
    weights.fetch(spec)
    after = weights.status(spec)
    assert (after.place, after.path, after.text) == (Place.CACHED, cache / "net.pt", "here, 1 MB")
    assert weights.status(NETWORKS["transformers_metric"]).place is Place.YOURS
    assert weights.status(NETWORKS["face"]).place is Place.LOST  # the assets folder is empty here


def test_a_checkpoint_of_several_files_is_one_folder_and_one_progress(server, cache):
    server.behaviour.content = b"{}" + b" " * 100
    url = f"http://127.0.0.1:{server.server_port}/"
    files = tuple(RemoteFile(f"glpn/{name}.json", url + name, 102) for name in ("a", "b"))
    spec = replace(NETWORKS["glpn_nyu"], files=files)
    heard = []
    assert weights.fetch(spec, lambda done, total: heard.append((done, total))) == cache / "glpn"
    assert heard == sorted(heard)
    assert heard[-1] == (204, 204)
    assert weights.status(spec).path == cache / "glpn"


def test_a_mirror_takes_the_place_of_the_published_address(server, spec, cache, monkeypatch):
    elsewhere = replace(spec, files=(replace(spec.files[0], url="http://127.0.0.1:9/net.pt"),))
    monkeypatch.setenv(weights.MIRROR_VARIABLE, f"http://127.0.0.1:{server.server_port}/")
    assert weights.fetch(elsewhere, patience=HASTE) == cache / "net.pt"
    (cache / "net.pt").unlink()
    server.behaviour.answers = ["404"]
    with pytest.raises(WeightsError, match=r"by hand from http://127\.0\.0\.1:9/net\.pt"):
        weights.fetch(elsewhere, patience=HASTE)


def test_networks_without_a_published_checkpoint_say_so(cache):
    with pytest.raises(WeightsError, match="name a local folder or a hub id"):
        weights.fetch(NETWORKS["transformers_relative"])
    with pytest.raises(WeightsError, match="Restore it from the repository"):
        weights.fetch(NETWORKS["face"])


@pytest.mark.parametrize("sha256", [DIGEST, ""], ids=["published hash", "recorded hash"])
def test_verify_finds_a_flipped_bit(server, spec, cache, sha256):
    spec = replace(spec, files=(replace(spec.files[0], sha256=sha256),))
    path = weights.fetch(spec)
    assert weights.verify(spec) == ""
    flipped = bytearray(CONTENT)
    flipped[1000] ^= 1
    path.write_bytes(flipped)
    assert "instead of" in weights.verify(spec)


def test_tensors_come_back_from_both_formats(tmp_path):
    tensors = {"a.weight": torch.arange(6.0).reshape(2, 3)}
    torch.save(tensors, tmp_path / "plain.pt")
    torch.save({"model": tensors, "optimizer": {}}, tmp_path / "training.pt")
    safetensors.torch.save_file(tensors, tmp_path / "safe.safetensors")
    for name in ("plain.pt", "training.pt", "safe.safetensors"):
        read = weights.read_state_dict(tmp_path / name)
        assert list(read) == ["a.weight"]
        assert torch.equal(read["a.weight"], tensors["a.weight"])


class Malice:
    def __reduce__(self):
        return (os.mkdir, ("/tmp/never-made-by-a-checkpoint",))


def test_code_in_a_checkpoint_is_never_run(tmp_path):
    torch.save({"a": Malice()}, tmp_path / "bad.pt")
    with pytest.raises(WeightsError, match="damaged or no checkpoint"):
        weights.read_state_dict(tmp_path / "bad.pt")
    assert not Path("/tmp/never-made-by-a-checkpoint").exists()


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>", CONTENT[:5000]])
def test_a_damaged_file_is_one_sentence(tmp_path, suffix, content):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"bad\.\w+ is damaged or no checkpoint"):
        weights.read_state_dict(path)


def test_a_file_without_tensors_is_told(tmp_path):
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(WeightsError, match="holds no state dictionary"):
        weights.read_state_dict(tmp_path / "list.pt")


def test_the_command_line_lists_every_network(cache, capsys):
    assert weights.main(["list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in NETWORKS)


def test_the_command_line_tells_folder_and_files(server, spec, cache, capsys, monkeypatch):
    monkeypatch.setattr(weights, "NETWORKS", {spec.name: spec})
    assert weights.main(["path"]) == 0
    assert capsys.readouterr().out.strip() == str(cache)
    assert weights.main(["path", spec.name]) == 1
    assert "will be downloaded" in capsys.readouterr().err
    assert weights.main(["fetch", spec.name]) == 0
    assert capsys.readouterr().out.strip() == str(cache / "net.pt")
    assert weights.main(["path", spec.name]) == 0
    assert weights.main(["verify"]) == 0
    assert f"{spec.name}: sound" in capsys.readouterr().out
    (cache / "net.pt").write_bytes(b"PK")
    assert weights.main(["verify", spec.name]) == 1


def test_the_command_line_tells_a_failed_fetch(server, spec, cache, capsys, monkeypatch):
    server.behaviour.answers = ["404"]
    monkeypatch.setattr(weights, "NETWORKS", {spec.name: spec})
    assert weights.main(["fetch", spec.name]) == 1
    assert "answered 404" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["fetch", "nonsense"], ["verify", "nonsense"], []])
def test_wrong_arguments_end_with_2(arguments, cache):
    with pytest.raises(SystemExit) as caught:
        weights.main(arguments)
    assert caught.value.code == 2
