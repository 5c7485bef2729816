"""The page's server from outside: a restart, uploads too large or slow, and nginx in front of it."""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from page_client import PageClient
from sample_files import ASTRONAUT

from page import video_frame
from page.local_server import serving

PROGRAM = "-m", "tests.stand_in_server"
DOCS = Path(__file__).parents[2] / "docs" / "server.md"
NO_LONGER_HERE = "The photo is no longer here"
PHOTO_LINE = r"\d+ × \d+ pixels"
"""Of the line under a chosen photo, beside its name."""


@pytest.fixture(scope="module")
def address():
    with serving(PROGRAM, STREAMLIT_BROWSER_SERVER_ADDRESS="faces.example") as server:
        yield server.address


def test_after_a_restart_the_open_page_says_one_sentence_and_shows_nothing_of_before(address):
    with serving(PROGRAM) as server:
        page = PageClient(server.address).run()
        assert re.search(PHOTO_LINE, page.text)
        page.run("Sample 2").run("Generate depth map")
        assert re.search(PHOTO_LINE, page.text) and any("picture_viewer" in name for name in page.names)
    page.connect(address)  # another process, which knows nothing of the visit
    for press in ("Generate depth map", None):
        page.run(press)
        assert page.text.count(NO_LONGER_HERE) == 1 and "exception" not in page.names
        assert not re.search(PHOTO_LINE, page.text)
        assert not any("picture_viewer" in name or "model_viewer" in name for name in page.names)
        assert page.buttons["Generate depth map"].disabled and page.buttons["Generate 3D model"].disabled
    page.run("Sample 3")
    assert NO_LONGER_HERE not in page.text and not page.buttons["Generate depth map"].disabled


def slowly(parts, seconds):
    for part in parts:
        time.sleep(seconds / len(parts))
        yield part


def multipart(body):
    request = requests.Request("PUT", "http://x", files={"file": ("a.jpg", body)}).prepare()
    return request.body, {"Content-Type": request.headers["Content-Type"]}


def check_uploads(page, seconds):
    """A photo comes, also slowly; what is too large is refused, whether it says how large it is or not."""
    assert page.upload(ASTRONAUT).status_code == 204
    body, headers = multipart(ASTRONAUT)
    parts = [body[start : start + 20_000] for start in range(0, len(body), 20_000)]
    assert page.upload(None, files=None, data=slowly(parts, seconds), headers=headers).status_code == 204
    body, headers = multipart(bytes(video_frame.MAX_BYTES + 2 * 2**20))
    for data in (body, iter([body])):
        with suppress(requests.ConnectionError):  # refused before all of it was sent
            assert page.upload(None, files=None, data=data, headers=headers).status_code == 413


def test_uploads_may_be_slow_and_not_too_large(address):
    page = PageClient(address).run()
    check_uploads(page, 3.0)
    page.http.cookies.clear()
    assert page.upload(ASTRONAUT).status_code == 403
    page.session_id = "0" * 36
    page.http.get(f"{address}/_stcore/health")
    assert page.upload(ASTRONAUT).status_code in (400, 403)


def test_another_site_may_not_open_the_page_by_its_own_scripts(address):
    with pytest.raises(Exception, match="403"):
        PageClient(address, origin="http://elsewhere.example")


def nginx_lines():
    """The lines of docs/server.md."""
    return re.search(r"```nginx\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.fixture
def proxy(address, tmp_path):
    """nginx with those lines in front of the server."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = nginx_lines().replace("http://127.0.0.1:8501", address)
    kept = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {kept} server {{ listen 127.0.0.1:{port};\n{lines} }} }}\n"
    )
    running = subprocess.Popen([program, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                requests.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


def test_behind_nginx_with_the_lines_of_the_docs(proxy):
    site = "faces.example"
    page = PageClient(proxy, origin="https://faces.example", site=site).run()
    page.run("Generate depth map")
    assert any("picture_viewer" in name for name in page.names)
    check_uploads(page, 1.0)
    headers = requests.get(proxy, headers={"Host": site}, timeout=20).headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert (
        headers["X-Content-Type-Options"] == "nosniff"
        and "default-src 'self'" in headers["Content-Security-Policy"]
    )
    with pytest.raises(Exception, match="403"):
        PageClient(proxy, origin="https://elsewhere.example", site=site)
