"""Load test of the page: 1, 4 and 16 sessions run the three steps at once against a local server.

    python -m benchmarks.page_load [1 4 16]

Each session is a websocket that speaks Streamlit's protocol, so the times are the server's, without the
drawing in the browser. Printed, per step: the median and the 95th percentile, for the model until its figure
is sent and until its report is there; then peak memory of the server and the number of errors.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from statistics import median

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin, Subprotocol

from benchmarks.networks import peak_memory_mb
from page.local_server import serving

SESSIONS = (1, 4, 16)
STEPS = {
    "open, find the face": None,
    "generate the depth map": "Generate depth map",
    "generate the 3D model": "Generate 3D model",
}
FIGURE = "  its figure"
"""Row of the last step: until the figure is sent."""
TIMEOUT_SECONDS = 300


class Session:
    """One session of the page.

    buttons: from label to (id, disabled), as last drawn. errors: those on the page. figure_seconds: from the
    last press until the figure of the model was sent, None while there is none.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.buttons: dict[str, tuple[str, bool]] = {}
        self.errors: list[str] = []
        self.figure_seconds: float | None = None
        self._start = 0.0

    async def run(self, label: str | None) -> float:
        """Presses a button (None: opens the page) and waits until the script has run to its end; seconds."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        if label is not None:
            identifier, disabled = self.buttons[label]
            if disabled:
                self.errors.append(f"{label} is disabled")
                return 0.0
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = identifier, True
        self._start = time.perf_counter()
        await self.connection.send(message.SerializeToString())
        while True:
            answer = await self._receive()
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._take(answer.delta)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return time.perf_counter() - self._start

    async def _receive(self) -> ForwardMsg:
        message = await asyncio.wait_for(self.connection.recv(), TIMEOUT_SECONDS)
        return ForwardMsg.FromString(message)

    def _take(self, delta: Delta) -> None:
        """Records an element of the page."""
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id, element.button.disabled
        elif kind == "exception":
            self.errors.append(element.exception.message)
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            self.errors.append(element.alert.body)
        elif kind == "bidi_component" and element.bidi_component.component_name.endswith("model_viewer"):
            self.figure_seconds = time.perf_counter() - self._start


async def run_session(address: str) -> tuple[list[float], list[str]]:
    """Seconds of each step and of FIGURE, and the errors of one session."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(
        stream,
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
        origin=Origin(address),
        open_timeout=TIMEOUT_SECONDS,
    ) as connection:
        session = Session(connection)
        seconds = [await session.run(label) for label in STEPS.values()]
    if session.figure_seconds is None:
        session.errors.append("no figure was drawn")
    return [*seconds, session.figure_seconds or 0.0], session.errors


async def run_sessions(address: str, count: int) -> list[tuple[list[float], list[str]]]:
    """So many sessions at once."""
    return await asyncio.gather(*(run_session(address) for _ in range(count)))


def percentile_95(values: list[float]) -> float:
    """The value that 95 % of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, round(0.95 * (len(values) - 1)))]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_load", description=__doc__)
    parser.add_argument("sessions", type=int, nargs="*", default=SESSIONS, help="at once, one run each")
    counts = parser.parse_args().sessions
    with serving() as server:
        asyncio.run(run_sessions(server.address, 1))
        print(f"{'sessions':>8}  {'step':24} {'median s':>9} {'95 % s':>8}")
        for count in counts:
            results = asyncio.run(run_sessions(server.address, count))
            for index, step in enumerate((*STEPS, FIGURE)):
                values = [seconds[index] for seconds, _ in results]
                print(f"{count:8}  {step:24} {median(values):9.2f} {percentile_95(values):8.2f}", flush=True)
            errors = [error for _, found in results for error in found]
            memory = f"peak memory {peak_memory_mb(server.pid):.0f} MB"
            print(f"{count:8}  {memory}, errors {len(errors)} {errors[:2] or ''}", flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Load average over 1, 5 and 15 minutes, this run included: {load}; {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
