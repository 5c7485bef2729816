"""What one browser session holds between two runs of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from face3d.structures import DepthMap, Face, Photo
from page.inference_queue import FifoLock, InferenceQueue
from page.session_cache import SessionCache

START_NETWORK = "face"


@dataclass(frozen=True, eq=False)
class Depth:
    """A depth map with what it was made from."""

    photo: Photo
    network: str
    depth: DepthMap
    seconds: float

    @property
    def key(self) -> tuple[str, str]:
        """What it depends on: digest of the photo, name of the network."""
        return self.photo.sha256, self.network


@dataclass(frozen=True)
class FaceSearch:
    """Result of the face detection in one photo.

    digest: of the whole photo. faces: largest first. error: the message where the detection failed, else ''.
    """

    digest: str
    faces: tuple[Face, ...] = ()
    error: str = ""


@dataclass
class Session:
    """name: of the photo, for file names. whole: the chosen photo. photo: the same, or its part around one
    face.

    search: the last search for faces.
    wanted: (digest of the photo, network) of a depth map that was asked for and is not there yet: a click
    elsewhere stops the run that makes it, and the next one takes it up. depth: of step 2.
    modelled: the depth map that step 3 made its model from. files_of: what its files were written for: (key
    of modelled, kind, settings).
    chosen: what the visitor chose in step 3, by key of the widget: Streamlit forgets a widget that has left
    the page.
    """

    name: str = ""
    whole: Photo | None = None
    photo: Photo | None = None
    search: FaceSearch | None = None
    wanted: tuple[str, str] | None = None
    depth: Depth | None = None
    modelled: Depth | None = None
    files_of: Any = None
    chosen: dict[str, Any] = field(default_factory=dict)
    cache: SessionCache = field(default_factory=SessionCache)

    def searched(self) -> FaceSearch | None:
        """What the search for faces found in the whole photo; None while it has not been looked at."""
        return self.search if self.whole and self.search and self.search.digest == self.whole.sha256 else None

    def choose(self, name: str, whole: Photo | None) -> None:
        """Take a photo, or none."""
        self.name, self.whole = name, whole

    def work_on(self, photo: Photo | None) -> None:
        """Take the part of the photo to model. Another one than before drops everything that came from the
        old one.
        """
        if photo is None or self.photo is None or photo.sha256 != self.photo.sha256:
            self.depth = self.modelled = None
        self.photo = photo


def session() -> Session:
    """This browser session's state."""
    return st.session_state.setdefault("session", Session())


@st.cache_resource(show_spinner=False)
def writing_lock() -> FifoLock:
    """Held while files are written, one visitor's at a time: meshes and their reports take memory."""
    return FifoLock()


@st.cache_resource(show_spinner=False)
def shared_queue() -> InferenceQueue:
    """The process's one queue, which loads the bundled network in the background."""
    queue = InferenceQueue()
    queue.preload(START_NETWORK)
    return queue
