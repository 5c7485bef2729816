"""The checkpoint store: where checkpoints come from, its error messages, its command line."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from file_server import CONTENT, DIGEST, HASTE

from face3d.depth import __main__, checkpoints
from face3d.depth.checkpoints import CheckpointLocation
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import RemoteFile
from face3d.errors import WeightsError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(folder))
    monkeypatch.setattr(checkpoints, "BUNDLED_FOLDER", tmp_path / "assets")
    return folder


@pytest.fixture
def spec(file):
    return replace(NETWORKS["midas_v21_small_256"], files=(file,))


FETCH = """
import sys
from dataclasses import replace
from face3d.depth import checkpoints
from face3d.depth.registry import NETWORKS, RemoteFile
spec = NETWORKS["midas_v21_small_256"]
file = RemoteFile("net.pt", sys.argv[1], int(sys.argv[2]), True, sys.argv[3])
print(checkpoints.fetch(replace(spec, files=(file,))))
"""


def fetching(file):
    """A process of its own that fetches `file` into the cache folder and prints where it is."""
    arguments = [sys.executable, "-c", FETCH, file.url, str(len(CONTENT)), DIGEST]
    environment = {**os.environ, "PYTHONPATH": str(Path(checkpoints.__file__).parents[2])}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_processes_fetch_once(server, file, cache):
    server.behaviour.answers = ["slow"]
    running = [fetching(file) for _ in range(2)]
    printed = [process.communicate(timeout=60)[0].strip() for process in running]
    assert printed == [str(cache / "net.pt")] * 2
    assert len(server.behaviour.requests) == 1


def test_a_process_that_is_killed_leaves_no_lock_and_what_it_had_is_used(server, file, spec, cache):
    server.behaviour.answers = ["stall", "serve"]
    part, process = cache / "net.pt.part", fetching(file)
    try:
        for _ in range(600):
            if part.exists() and part.stat().st_size:
                break
            time.sleep(0.05)
    finally:
        process.kill()
        process.communicate()
    kept = part.stat().st_size
    assert checkpoints.fetch(spec, retry_policy=HASTE) == cache / "net.pt"
    assert server.behaviour.requests == [None, f"bytes={kept}-"]
    assert (cache / "net.pt").read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_reported(server, spec, cache, monkeypatch):
    cache.parent.joinpath("taken").write_text("a file where the folder should be")
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(cache.parent / "taken" / "folder"))
    with pytest.raises(WeightsError, match=r"cannot be written .* choose another folder"):
        checkpoints.fetch(spec, retry_policy=HASTE)


@contextlib.contextmanager
def without_privileges():
    """As a user whom permissions bind; the administrator may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def read_only(monkeypatch):
    """A cache folder that may be read and not written, beside no other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "weights"
        folder.mkdir()
        Path(name).chmod(0o755)
        monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(folder))
        yield folder
        folder.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of folders are those of Unix")
def test_a_read_only_cache_is_reported_and_what_it_holds_is_used(server, spec, read_only, monkeypatch):
    monkeypatch.setattr(checkpoints, "BUNDLED_FOLDER", read_only / "no such folder")
    read_only.chmod(0o555)
    with (
        without_privileges(),
        pytest.raises(WeightsError, match=r"net\.pt cannot be written \(Permission denied\)"),
    ):
        checkpoints.fetch(spec, retry_policy=HASTE)
    assert list(read_only.iterdir()) == []
    read_only.chmod(0o755)
    (read_only / "net.pt").write_bytes(CONTENT)
    read_only.chmod(0o555)
    with without_privileges():
        assert checkpoints.find_or_fetch(spec) == read_only / "net.pt"
        assert checkpoints.verify(spec) == ""
    assert server.behaviour.requests == []


def test_without_network_the_error_has_all_remedies(server, spec, cache):
    dead = replace(spec, files=(replace(spec.files[0], url="http://127.0.0.1:9/net.pt"),))
    with pytest.raises(WeightsError) as caught:
        checkpoints.fetch(dead, retry_policy=HASTE)
    message = str(caught.value)
    assert "net.pt (1 MB)" in message
    assert "no connection to the server" in message
    assert "http://127.0.0.1:9/net.pt" in message
    assert str(cache / "net.pt") in message
    assert checkpoints.FOLDER_VARIABLE in message
    assert "bundled face network works" in message
    assert "\n" not in message


def test_the_order_is_the_users_then_cache_then_bundled_then_download(server, spec, cache, tmp_path):
    def found(checkpoint=None):
        return checkpoints.find_or_fetch(spec, checkpoint=checkpoint)

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


def test_a_path_that_is_not_there_is_reported(spec, cache, tmp_path):
    with pytest.raises(WeightsError, match="no checkpoint at"):
        checkpoints.find_or_fetch(spec, checkpoint=tmp_path / "absent.pt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of Unix")
def test_a_pipe_is_no_checkpoint(spec, cache, tmp_path):
    os.mkfifo(tmp_path / "pipe.pt")
    with pytest.raises(WeightsError, match="no checkpoint at"):
        checkpoints.find_or_fetch(spec, checkpoint=tmp_path / "pipe.pt")


def test_status_has_location_and_size(server, spec, cache):
    before = checkpoints.status(spec)
    assert (before.location, before.available) == (CheckpointLocation.REMOTE, False)
    assert before.text == "will be downloaded, 1 MB"
    checkpoints.fetch(spec)
    after = checkpoints.status(spec)
    assert (after.location, after.path) == (CheckpointLocation.CACHED, cache / "net.pt")
    assert after.text == "here, 1 MB"
    assert checkpoints.status(NETWORKS["transformers_metric"]).location is CheckpointLocation.USER
    assert checkpoints.status(NETWORKS["face"]).location is CheckpointLocation.MISSING  # no assets here


def test_the_line_on_accuracy_has_the_bundled_files_figures(cache):
    face = NETWORKS["face"]
    path = checkpoints.BUNDLED_FOLDER / face.files[0].name
    path.parent.mkdir()
    assert checkpoints.accuracy_text(face) == face.unpublished_reason
    figures = {"face relief %": 4.26, "face normals": 13.4, "matte IoU": 0.9}
    safetensors.torch.save_file({"a": torch.zeros(1)}, path, {"held_out_figures": json.dumps(figures)})
    assert checkpoints.accuracy_text(face) == (
        "on held-out synthetic faces: the face's relief off by 4.3 % of the head's width, its normals by 13°"
    )
    for metadata in ({}, {"held_out_figures": "{"}, {"held_out_figures": '{"matte IoU": 0.9}'}):
        safetensors.torch.save_file({"a": torch.zeros(1)}, path, metadata)
        assert checkpoints.accuracy_text(face) == face.unpublished_reason
    path.write_bytes(b"damaged")
    assert checkpoints.accuracy_text(face) == face.unpublished_reason


def test_the_line_on_accuracy_is_else_the_authors(cache):
    assert checkpoints.accuracy_text(NETWORKS["dpt_levit_224"]) == "40 % more error than MiDaS v3.0 DPT-Large"
    assert (
        checkpoints.accuracy_text(NETWORKS["dpt_beit_large_512"])
        == "19 % less error than MiDaS v3.0 DPT-Large"
    )
    assert "yardstick" in checkpoints.accuracy_text(NETWORKS["dpt_large_384"])


def test_a_checkpoint_of_several_files_is_one_folder_and_one_progress(server, cache):
    server.behaviour.content = b"{}" + b" " * 100
    url = f"http://127.0.0.1:{server.server_port}/"
    files = tuple(RemoteFile(f"glpn/{name}.json", url + name, 102) for name in ("a", "b"))
    spec = replace(NETWORKS["glpn_nyu"], files=files)
    reported = []
    assert checkpoints.fetch(spec, lambda done, total: reported.append((done, total))) == cache / "glpn"
    assert reported == sorted(reported)
    assert reported[-1] == (204, 204)
    assert checkpoints.status(spec).path == cache / "glpn"


def test_every_file_that_is_still_missing_is_named_with_its_place(server, cache):
    url = f"http://127.0.0.1:{server.server_port}"
    sizes = {"config.json": None, "preprocessor_config.json": None, "model.safetensors": 3_000_000}
    files = tuple(RemoteFile(f"glpn/{name}", f"{url}/{name}", size) for name, size in sizes.items())
    spec = replace(NETWORKS["glpn_nyu"], files=files)
    server.behaviour.content, server.behaviour.answers = b"{}", ["serve", "404"]
    with pytest.raises(WeightsError, match="server answered 404") as caught:
        checkpoints.fetch(spec, retry_policy=HASTE)
    message = str(caught.value)
    assert f"by hand, save it as {cache}/glpn/preprocessor_config.json" in message
    assert message.count(f"{url}/preprocessor_config.json") == 1
    assert f"{url}/model.safetensors (3 MB) as {cache}/glpn/model.safetensors" in message
    assert f"{url}/config.json" not in message


def test_a_folder_in_the_home_is_named_as_it_is_typed(server, spec, cache, monkeypatch):
    monkeypatch.setenv("HOME", str(cache.parent))
    server.behaviour.answers = ["404"]
    with pytest.raises(WeightsError) as caught:
        checkpoints.fetch(spec, retry_policy=HASTE)
    assert f"save it as ~/{cache.name}/net.pt (" in str(caught.value)
    assert str(caught.value).count("http://") == 1


def test_a_mirror_takes_the_place_of_the_published_address(server, spec, cache, monkeypatch):
    elsewhere = replace(spec, files=(replace(spec.files[0], url="http://127.0.0.1:9/net.pt"),))
    monkeypatch.setenv(checkpoints.MIRROR_VARIABLE, f"http://127.0.0.1:{server.server_port}/")
    assert checkpoints.fetch(elsewhere, retry_policy=HASTE) == cache / "net.pt"
    (cache / "net.pt").unlink()
    server.behaviour.answers = ["404"]
    with pytest.raises(WeightsError, match=r"by hand, save http://127\.0\.0\.1:9/net\.pt \(1 MB\) as "):
        checkpoints.fetch(elsewhere, retry_policy=HASTE)


def test_a_network_without_a_published_checkpoint_is_an_error(cache):
    with pytest.raises(WeightsError, match="name a local folder or a hub id"):
        checkpoints.fetch(NETWORKS["transformers_relative"])
    with pytest.raises(WeightsError, match="Restore it from the repository"):
        checkpoints.fetch(NETWORKS["face"])


@pytest.mark.parametrize("sha256", [DIGEST, ""], ids=["published hash", "recorded hash"])
def test_verify_finds_a_flipped_bit(server, spec, cache, sha256):
    spec = replace(spec, files=(replace(spec.files[0], sha256=sha256),))
    path = checkpoints.fetch(spec)
    assert checkpoints.verify(spec) == ""
    flipped = bytearray(CONTENT)
    flipped[1000] ^= 1
    path.write_bytes(flipped)
    assert "instead of" in checkpoints.verify(spec)


def test_the_command_line_lists_every_network(cache, capsys):
    assert __main__.main(["list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in NETWORKS)


def test_the_command_line_prints_folder_and_files(server, spec, cache, capsys, monkeypatch):
    monkeypatch.setattr(__main__, "NETWORKS", {spec.name: spec})
    assert __main__.main(["path"]) == 0
    assert capsys.readouterr().out.strip() == str(cache)
    assert __main__.main(["path", spec.name]) == 1
    assert "will be downloaded" in capsys.readouterr().err
    assert __main__.main(["verify"]) == 0
    assert capsys.readouterr().out == f"No checkpoint has been downloaded to {cache} yet.\n"
    assert __main__.main(["verify", spec.name]) == 1
    assert capsys.readouterr().out == f"{spec.name}: will be downloaded, 1 MB\n"
    assert __main__.main(["fetch", spec.name]) == 0
    assert capsys.readouterr().out.strip() == str(cache / "net.pt")
    assert __main__.main(["path", spec.name]) == 0
    assert __main__.main(["verify"]) == 0
    assert f"{spec.name}: sound" in capsys.readouterr().out
    (cache / "net.pt").write_bytes(b"PK")
    assert __main__.main(["verify", spec.name]) == 1


def test_the_command_line_reports_a_failed_fetch(server, spec, cache, capsys, monkeypatch):
    server.behaviour.answers = ["404"]
    monkeypatch.setattr(__main__, "NETWORKS", {spec.name: spec})
    assert __main__.main(["fetch", spec.name]) == 1
    assert "answered 404" in capsys.readouterr().err


def test_after_an_interrupted_fetch_the_next_one_resumes(server, spec, cache, capsys, monkeypatch):
    def interrupt(done, total):
        if done:
            raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "NETWORKS", {spec.name: spec})
    with monkeypatch.context() as interrupted:
        interrupted.setattr(__main__, "print_progress", interrupt)
        assert __main__.main(["fetch", spec.name]) == 130
    assert "the next fetch resumes it" in capsys.readouterr().err
    kept = (cache / "net.pt.part").stat().st_size
    assert __main__.main(["fetch", spec.name]) == 0
    assert server.behaviour.requests == [None, f"bytes={kept}-"]


def test_progress_is_one_line_of_a_terminal_and_nothing_elsewhere(capsys, monkeypatch):
    checkpoints.print_progress(1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for done, total in ((500_000, 2_000_000), (2_000_000, 2_000_000), (700_000, None)):
        checkpoints.print_progress(done, total)
    assert capsys.readouterr().err.split("\r") == [
        "Downloading:     0.5 of 2.0 MB",
        "Downloading:     2.0 of 2.0 MB\nDownloading:     0.7 MB",
        "",
    ]


@pytest.mark.parametrize("arguments", [["fetch", "nonsense"], ["verify", "nonsense"], []])
def test_wrong_arguments_end_with_2(arguments, cache):
    with pytest.raises(SystemExit) as caught:
        __main__.main(arguments)
    assert caught.value.code == 2
