"""Photos of a batch, and a store of objects."""

import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import requests
from PIL import Image

SECONDS = 600
"""Until the store has to answer."""


@pytest.fixture
def photos(tmp_path):
    """Writes JPEG files of noise, no two alike, and one that is damaged; returns their folder."""

    def write(*names):
        for seed, name in enumerate(names):
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            rgb_hwc = np.random.default_rng(seed).integers(0, 255, (96, 80, 3), np.uint8)
            Image.fromarray(rgb_hwc).save(path, "JPEG")
        (tmp_path / "in" / "bad.jpg").write_bytes(b"\xff\xd8\xff and no more")
        return tmp_path / "in"

    return write


@pytest.fixture
def store():
    """A server with the interface of S3, and a bucket on it; gives an address of a folder there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)])
    try:
        until = time.monotonic() + SECONDS
        while not _answers(port):
            assert time.monotonic() < until
            time.sleep(0.1)
        requests.put(f"http://127.0.0.1:{port}/shelf", timeout=SECONDS).raise_for_status()
        yield lambda folder: f"s3://shelf/{folder}?scheme=http&endpoint_override=127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _answers(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
