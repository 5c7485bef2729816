"""One page that is open in a browser, as the server sees it: a websocket, and uploads over HTTP."""

import socket

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect
from websockets.typing import Subprotocol

SECONDS = 60


class PageClient:
    """Keeps what a browser keeps: the ids of widgets, the text of the field *Visit*, and the session's id.

    texts: of the messages, captions and headings of the last run. names: of the components and elements.
    """

    def __init__(self, address, *, origin=None, site=None):
        """site: the name that the browser asks for, where it is not that of the address."""
        self.origin, self.site = origin or address, site or address.partition("//")[2]
        self.session_id, self.values, self.buttons, self.uploader = "", {}, {}, ""
        self.connect(address)

    def connect(self, address):
        """Open a connection, as the session of before where there was one."""
        self.address = address
        self.http = requests.Session()
        self.http.headers["Host"] = self.site
        self.http.get(f"{address}/_stcore/health", timeout=SECONDS)
        host, port = address.rpartition("/")[2].split(":")
        spoken = ["streamlit", "none", *filter(None, [self.session_id])]
        self.socket = connect(
            f"ws://{self.site}/_stcore/stream",
            sock=socket.create_connection((host, int(port)), SECONDS),
            subprotocols=[Subprotocol(name) for name in spoken],
            origin=self.origin,
            max_size=None,
            open_timeout=SECONDS,
        )

    def run(self, press=None, **files):
        """Run the page with the widgets' values; press: the label of a button."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        states = message.rerun_script.widget_states.widgets
        for identifier, value in self.values.items():
            states.append(WidgetState(id=identifier, string_value=value))
        if press:
            states.append(WidgetState(id=self.buttons[press].id, trigger_value=True))
        self.texts, self.names = [], set()
        self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(SECONDS))
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.session_id = answer.new_session.initialize.session_id
            elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                self._see(answer.delta.new_element)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return self

    def _see(self, element):
        kind = element.WhichOneof("type")
        self.names.add(element.bidi_component.component_name if kind == "bidi_component" else kind)
        if kind == "button":
            self.buttons[element.button.label] = element.button
        elif kind == "text_input" and element.text_input.label == "Visit":
            shown = element.text_input.value if element.text_input.set_value else element.text_input.default
            self.values[element.text_input.id] = shown
        elif kind == "file_uploader" and element.file_uploader.label.startswith("Photo file"):
            self.uploader = element.file_uploader.id
        elif kind in ("alert", "markdown"):
            self.texts.append(getattr(element, kind).body)

    @property
    def text(self):
        return "\n".join(self.texts)

    def upload(self, body, **options):
        """Send a file's bytes, as `requests` takes them; the answer."""
        token = self.http.cookies.get("_streamlit_xsrf", "")
        return self.http.put(
            f"{self.address}/_stcore/upload_file/{self.session_id}/file",
            headers={"X-Xsrftoken": token, "Origin": self.origin, **options.pop("headers", {})},
            timeout=SECONDS,
            **({"files": {"file": ("a.jpg", body)}} | options),
        )
