"""What the page sends and computes after each press, in Chromium with software WebGL.

    python -m benchmarks.page_payload

One visitor goes through the three steps with the first sample portrait, then changes settings of the model.
Printed, per action: seconds until its result is drawn, processor seconds of the server until then and until
the page is at rest, and megabytes on the wire until then: bodies and headers of HTTP answers as they were
encoded, and frames of the websocket.
"""

from __future__ import annotations

import base64
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from page.local_server import serving

FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]
LOOK_EVERY_MS = 50
SLOW_MS = 300_000
AT_REST_MS = 700
"""So long without a run of the page: it is at rest."""
SHOWN = ".stApp[data-test-script-state=notRunning]"
SCENE = "() => document.querySelector('.mv-plot')?._fullLayout?.scene?._scene?.glplot"
TRACE = "(was) => document.querySelector('.mv-plot').data?.[0] !== was"


@dataclass
class Wire:
    """Bytes received since the last `take`."""

    http: int = 0
    socket: int = 0

    def take(self) -> tuple[float, float]:
        """Megabytes over HTTP and over the websocket; counts anew."""
        taken = self.http / 1e6, self.socket / 1e6
        self.http = self.socket = 0
        return taken

    def watch(self, protocol: Any) -> None:
        """Counts what a DevTools session of a page reports."""
        protocol.send("Network.enable")
        protocol.on("Network.loadingFinished", self._loaded)
        protocol.on("Network.webSocketFrameReceived", self._framed)

    def _loaded(self, event: dict[str, Any]) -> None:
        self.http += int(event["encodedDataLength"])

    def _framed(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        binary = frame["opcode"] == 2
        self.socket += len(base64.b64decode(frame["payloadData"])) if binary else len(frame["payloadData"])


def processor_seconds(pid: int) -> float:
    """Of a process with all its threads, on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def at_rest(page: Any) -> None:
    """Waits until the page has not run for a while."""
    while True:
        page.locator(SHOWN).wait_for(timeout=SLOW_MS)
        page.wait_for_timeout(AT_REST_MS)
        if page.locator(SHOWN).count():
            return


def measure(page: Any, wire: Wire, pid: int, name: str, act: Callable[[], object], drawn: str) -> None:
    """Prints the row of one action. drawn: a JavaScript condition that its result is there."""
    wire.take()
    start, cpu_start = time.perf_counter(), processor_seconds(pid)
    was = page.evaluate_handle("() => document.querySelector('.mv-plot')?.data?.[0]")
    act()
    page.wait_for_function(drawn, arg=was, timeout=SLOW_MS, polling=LOOK_EVERY_MS)
    seconds, cpu_drawn = time.perf_counter() - start, processor_seconds(pid) - cpu_start
    at_rest(page)
    cpu_rest = processor_seconds(pid) - cpu_start
    http, socket = wire.take()
    print(
        f"{name:34} {seconds:9.2f} {cpu_drawn:11.2f} {cpu_rest:10.2f} {http:8.2f} {socket:9.2f}"
        f" {http + socket:6.2f}",
        flush=True,
    )


def visit(page: Any, address: str, pid: int) -> None:
    """One visit, a row for each action."""
    wire = Wire()
    wire.watch(page.context.new_cdp_session(page))

    def press(name: str) -> Callable[[], object]:
        return lambda: page.get_by_role("button", name=name).click()

    def choose(name: str) -> Callable[[], object]:
        return lambda: page.get_by_role("radio", name=name).click()

    found = "() => document.body.innerText.includes('face found')"
    pictures = "() => document.querySelector('.pv-frame img')?.complete"
    steps = (
        ("the page and its face", lambda: page.goto(address), found),
        ("Generate depth map", press("Generate depth map"), pictures),
        ("Generate 3D model: the figure", press("Generate 3D model"), SCENE),
        ("colours of the photo", choose("Photo"), TRACE),
        ("colours of the depth again", choose("Grey"), TRACE),
        ("points", choose("Points"), TRACE),
        (
            "the model as in the files",
            choose("Model, as in the files"),
            "() => document.querySelector('.mv-canvas canvas')?.closest('.mv-stage').viewer.scene?.glb",
        ),
    )
    for name, act, drawn in steps:
        measure(page, wire, pid, name, act, drawn)


def main() -> None:
    """Prints the table."""
    from playwright.sync_api import sync_playwright  # of requirements-dev.txt

    heads = ("seconds", "processor s", "to rest s", "HTTP MB", "socket MB", "sum MB")
    print(f"{'':34} {heads[0]:>9} {heads[1]:>11} {heads[2]:>10} {heads[3]:>8} {heads[4]:>9} {heads[5]:>6}")
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for count in ("cold", "warm"):
            print(f"{count}:")
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            visit(context.new_page(), server.address, server.pid)
            context.close()
        browser.close()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Load average over 1, 5 and 15 minutes, this run included: {load}; {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
