"""How the page bears visitors: 1, 4 and 16 sessions go through the three steps at once against a local
server.

    python -m benchmarks.page_load

Each visitor is a websocket that speaks Streamlit's protocol, so the figures are the server's: drawing in the
browser comes on top. Prints, per step, the median and the 95th percentile, then peak memory of the server and
how many visitors saw an error.
"""

import asyncio
import os
import time
from statistics import median

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.networks import peak_memory_mb
from page.local_server import serving

SESSIONS = (1, 4, 16)
STEPS = {
    "open, find the face": None,
    "generate the depth map": "Generate depth map",
    "generate the 3D model": "Generate 3D model",
}
PATIENCE_SECONDS = 300


class Visitor:
    """One session. buttons: label -> (id, disabled), as last drawn. alerts: errors on the page; figures:
    components drawn.
    """

    def __init__(self, connection):
        self.connection, self.buttons, self.errors, self.components = connection, {}, [], 0

    async def run(self, label):
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
        start = time.perf_counter()
        await self.connection.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await asyncio.wait_for(self.connection.recv(), PATIENCE_SECONDS))
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._see(answer.delta)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return time.perf_counter() - start

    def _see(self, delta):
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
        elif kind == "bidi_component":
            self.components += 1


async def visit(address):
    """Seconds of each step, and the errors of one visitor."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(
        stream, subprotocols=["streamlit"], max_size=None, origin=address
    ) as connection:
        visitor = Visitor(connection)
        seconds = [await visitor.run(label) for label in STEPS.values()]
    if visitor.components < 2:
        visitor.errors.append("no figure was drawn")
    return seconds, visitor.errors


async def crowd(address, count):
    """As many visitors at once."""
    return await asyncio.gather(*(visit(address) for _ in range(count)))


def percentile_95(values):
    return sorted(values)[min(len(values) - 1, round(0.95 * (len(values) - 1)))]


def main():
    """Print the table."""
    with serving() as server:
        asyncio.run(crowd(server.address, 1))
        print(f"{'sessions':>8}  {'step':24} {'median s':>9} {'95 % s':>8}")
        for count in SESSIONS:
            results = asyncio.run(crowd(server.address, count))
            for index, step in enumerate(STEPS):
                values = [seconds[index] for seconds, _ in results]
                print(f"{count:8}  {step:24} {median(values):9.2f} {percentile_95(values):8.2f}", flush=True)
            errors = [error for _, found in results for error in found]
            print(
                f"{count:8}  peak memory {peak_memory_mb(server.pid):.0f} MB, errors {len(errors)} {errors[:2] or ''}",
                flush=True,
            )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"Load average of this machine over 1, 5 and 15 minutes, this run included: {load}; {os.cpu_count()} cores."
    )


if __name__ == "__main__":
    main()
