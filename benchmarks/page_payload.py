"""What the page sends and computes after each press, in Chromium with software WebGL.

    python -m benchmarks.page_payload

One visitor goes through the three steps with the first sample portrait, then changes settings of the model.
Printed, per action: seconds until its result is drawn, processor seconds of the server until then and until
the page is at rest, and megabytes on the wire until then, counted between server and browser.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Callable
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


class Relay:
    """Stands between browser and server on a port of its own, and counts what the server sends: headers,
    bodies as they are encoded, and frames of the websocket as they are compressed.
    """

    def __init__(self, server: str) -> None:
        """server: its address."""
        self.sent = 0
        self.address = ""
        self._port = int(server.rpartition(":")[2])
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), name="relay", daemon=True).start()
        self._ready.wait()

    async def _serve(self) -> None:
        async with await asyncio.start_server(self._connect, "127.0.0.1", 0) as relay:
            self.address = f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}"
            self._ready.set()
            await relay.serve_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(self._pass(reader, to_server, 0), self._pass(from_server, writer, 1))
        except OSError:  # one side hung up
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: int) -> None:
        while data := await reader.read(1 << 16):
            self.sent += counts * len(data)
            writer.write(data)
            await writer.drain()
        writer.close()


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


def measure(page: Any, relay: Relay, pid: int, name: str, act: Callable[[], object], drawn: str) -> None:
    """Prints the row of one action. drawn: a JavaScript condition that its result is there."""
    sent_before = relay.sent
    start, cpu_start = time.perf_counter(), processor_seconds(pid)
    was = page.evaluate_handle("() => document.querySelector('.mv-plot')?.data?.[0]")
    act()
    page.wait_for_function(drawn, arg=was, timeout=SLOW_MS, polling=LOOK_EVERY_MS)
    seconds, cpu_drawn = time.perf_counter() - start, processor_seconds(pid) - cpu_start
    at_rest(page)
    cpu_rest = processor_seconds(pid) - cpu_start
    megabytes = (relay.sent - sent_before) / 1e6
    print(f"{name:32} {seconds:9.2f} {cpu_drawn:12.2f} {cpu_rest:10.2f} {megabytes:8.2f}", flush=True)


def visit(page: Any, relay: Relay, pid: int) -> None:
    """One visit, a row for each action."""

    def press(name: str) -> Callable[[], object]:
        return lambda: page.get_by_role("button", name=name).click()

    def choose(name: str) -> Callable[[], object]:
        return lambda: page.get_by_role("radio", name=name).click()

    def shown(name: str) -> str:
        return f"() => document.body.innerText.includes('{name} · ')"

    found = "() => document.body.innerText.includes('face found')"
    pictures = "() => document.querySelector('.pv-frame img')?.complete"
    steps = (
        ("the page and its face", lambda: page.goto(relay.address), found),
        ("another sample", press("Sample 3"), shown("portrait_2.jpg")),
        ("the first sample again", press("Sample 1"), shown("eileen_collins.jpg")),
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
        measure(page, relay, pid, name, act, drawn)


def main() -> None:
    """Prints the table."""
    from playwright.sync_api import sync_playwright  # of requirements-dev.txt

    print(f"{'':32} {'seconds':>9} {'processor s':>12} {'to rest s':>10} {'wire MB':>8}")
    with serving() as server, sync_playwright() as playwright:
        relay = Relay(server.address)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for count in ("cold", "warm"):
            print(f"{count}:")
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            visit(context.new_page(), relay, server.pid)
            context.close()
        browser.close()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Load average over 1, 5 and 15 minutes, this run included: {load}; {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
