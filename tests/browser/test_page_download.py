"""The page fetches a checkpoint from a local server: failure, retry, progress, and the depth map."""

import http.server
import re
import shutil
import threading
import time

import pytest
import torch
from chromium import CHROMIUM
from playwright.sync_api import expect
from sample_files import ASTRONAUT
from visitor import SLOW_MS, generate_depth, pixels, press_depth, settle, upload

from benchmarks import midas_parity
from face3d.depth import checkpoints
from face3d.depth.midas.network import allocate_midas_network
from face3d.depth.registry import NETWORKS
from page.local_server import serving

pytest.importorskip("playwright.sync_api")

SPEC = NETWORKS["dpt_levit_224"]
CHUNK = 4 << 20
PAUSE_SECONDS = 0.05
"""After each chunk: slow enough that the progress can be seen."""


class Mirror(http.server.ThreadingHTTPServer):
    """Serves one file in place of its published address; answers the first request with 404."""

    def __init__(self, path):
        super().__init__(("127.0.0.1", 0), Answer)
        self.path, self.asked = path, []


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if len(self.server.asked) == 1:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.path.stat().st_size))
        self.end_headers()
        with self.server.path.open("rb") as source:
            while chunk := source.read(CHUNK):
                self.wfile.write(chunk)
                time.sleep(PAUSE_SECONDS)

    def log_message(self, format, *values):
        pass


@pytest.fixture(scope="session")
def mirror(tmp_path_factory):
    """A server of the network's file, with weights from a formula."""
    path = tmp_path_factory.mktemp("mirror") / SPEC.files[0].name
    module = allocate_midas_network(SPEC.name)
    torch.save(midas_parity.ruled_state_dict(midas_parity.read_manifests()[SPEC.name], module), path)
    server = Mirror(path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    path.unlink()


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def address(mirror, cache):
    """The page, with an empty cache folder and the mirror."""
    if CHROMIUM is None:
        pytest.skip("no chromium here; `make test` installs it where it runs as root on Debian")
    variables = {
        checkpoints.MIRROR_VARIABLE: f"http://127.0.0.1:{mirror.server_port}",
        checkpoints.FOLDER_VARIABLE: str(cache),
    }
    with serving(**variables) as server:
        yield server.address


@pytest.mark.slow
def test_a_failed_download_is_explained_and_the_retry_gives_a_depth_map(visit, mirror, cache, tmp_path):
    page = visit()
    upload(page, "astronaut.jpg", ASTRONAUT)
    page.get_by_role("combobox", name="Depth network").click()
    page.keyboard.type("LeViT", delay=50)
    page.keyboard.press("Enter")
    settle(page)
    expect(page.get_by_text("Will be downloaded, about 204 MB")).to_be_visible()

    press_depth(page)
    expect(page.get_by_text("the server answered 404")).to_be_visible()
    page.screenshot(path=tmp_path / "refused.png")
    expect(page.locator(".pv-frame")).to_have_count(0)
    assert not (cache / SPEC.files[0].name).exists()
    settle(page)

    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(f"Downloading {SPEC.title}")).to_be_visible()
    page.screenshot(path=tmp_path / "progress.png")
    expect(page.locator(".pv-frame").first).to_be_visible(timeout=SLOW_MS)
    settle(page)
    page.locator(".pv-frame").first.scroll_into_view_if_needed()
    page.screenshot(path=tmp_path / "depth.png")
    expect(page.get_by_text(f"Made by {SPEC.title}")).to_be_visible()
    expect(page.get_by_text("Here, 204 MB")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    assert pixels(page.locator(".pv-frame").first).std() > 5
    assert (cache / SPEC.files[0].name).stat().st_size == mirror.path.stat().st_size
    assert mirror.asked == [f"/{SPEC.files[0].name}"] * 2

    generate_depth(page)
    expect(page.get_by_text(f"Made by {SPEC.title}")).to_be_visible()
    expect(page.get_by_role("combobox", name="Depth network")).to_have_value(
        re.compile(re.escape(SPEC.title))
    )
    assert len(mirror.asked) == 2
