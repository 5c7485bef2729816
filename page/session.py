"""The state of one browser session, kept between two runs of the page, and the queues that sessions share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from face3d.assistant.advice import Advice, SettingAdvice
from face3d.assistant.server import Server
from face3d.crop import PixelBox
from face3d.framing import Framing
from face3d.structures import Completion, DepthMap, Face, Photo
from page.depth_request import DepthKey
from page.inference_queue import FifoLock, InferenceQueue
from page.model_work import ModelWork
from page.session_cache import SessionCache
from page.visit import Visit

if TYPE_CHECKING:
    from page.advice_question import Question

DEFAULT_NETWORK = "face"
ENGINE = "completion engine"
"""Key of the picker of what completes the model."""

STEPS = "photo", "depth", "model"
FACE_TITLE = "Face {}"
"""A face in the picker of step 1, by its number."""


@dataclass(frozen=True, eq=False)
class DepthResult:
    """A depth map, the photo that it was made from, and the seconds that it took.

    key: what it was made of; part of the key of every result that depends on it.
    completion: how what the photo does not show was completed, None where nothing was asked to.
    """

    photo: Photo
    key: DepthKey
    depth_map: DepthMap
    seconds: float
    completion: Completion | None = None


@dataclass(frozen=True)
class FaceSearch:
    """The result of one search for faces.

    photo_sha256: of the photo that was searched. faces: largest person first. turn: degrees clockwise that
    stand the head upright, where none is. error: why the search failed, '' where it did not.
    """

    photo_sha256: str
    faces: tuple[Face, ...] = ()
    turn: int = 0
    error: str = ""


class ChosenFile(NamedTuple):
    """The file of the chosen photo, and the photo as it is there, neither turned nor cropped.

    made_of: facts of a picture from words, for the report; None for a photo. video: name of the video that
    the photo is a frame of, and the frame's number.
    """

    name: str
    data: bytes
    photo: Photo
    made_of: dict[str, Any] | None = None
    video: tuple[str, int] | None = None


@dataclass
class AppliedAdvice:
    """What was applied to the model of one depth map: by field of ModelSettings, the line and its advice; and
    the advice by which the model was completed.
    """

    depth_key: DepthKey | None = None
    lines: dict[str, tuple[SettingAdvice, Advice]] = field(default_factory=dict)
    completion: Advice | None = None


@dataclass
class Session:
    """What one visitor has chosen and made.

    photo_name: without its ending, for file names. file: of the chosen photo. full_photo: the chosen photo.
    photo: the photo to model: the full photo, or its part around one face. crop: the pixels of the file's
    turned photo that it has; None for all.
    face: number of the face whose person is modelled. face_picker: key of the widget by which it is picked;
    None without one.
    face_search: the last search for faces.
    requested_depth: the depth map that was asked for and is not made yet. A click elsewhere stops the run
    that makes it; the next run starts it again.
    depth_result: of step 2. model_source: the depth result that step 3 makes its model from.
    model_work: the model of step 3 that its files and its report are of.
    tried, kept: of the completions of that model, the one that is being looked at, and the one that the files
    are written from. completion_choices: values of that step's widgets, by key. completion_advised: whether
    the engine there was just chosen by advice, and is to complete the model.
    applied: advice on that model. consent_asked: the chat server for which the visitor is being asked whether
    it gets the photo. question: the last one to a chat server.
    turns: degrees clockwise by which photos were turned, by the digest of the file's photo.
    folded: the steps of which only a line is shown. current_step, step_turns: the step that the visitor last
    turned to, and how often one was.
    widget_values: of step 3, by key; Streamlit drops the value of a widget that has left the page.
    """

    visit: Visit = field(default_factory=Visit)
    photo_name: str = ""
    file: ChosenFile | None = None
    full_photo: Photo | None = None
    photo: Photo | None = None
    crop: PixelBox | None = None
    face: int = 1
    face_picker: str | None = None
    face_search: FaceSearch | None = None
    requested_depth: DepthKey | None = None
    depth_result: DepthResult | None = None
    model_source: DepthResult | None = None
    model_work: ModelWork | None = None
    tried: DepthResult | None = None
    kept: DepthResult | None = None
    completion_choices: dict[str, Any] = field(default_factory=dict)
    completion_advised: bool = False
    applied: AppliedAdvice = field(default_factory=AppliedAdvice)
    consent_asked: Server | None = None
    question: Question | None = None
    turns: dict[str, int] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)
    current_step: str = STEPS[0]
    step_turns: int = 0
    widget_values: dict[str, Any] = field(default_factory=dict)
    cache: SessionCache = field(default_factory=SessionCache)

    def turned_degrees(self) -> int:
        """The angle by which the visitor turned the file's photo clockwise."""
        return self.turns.get(self.file.photo.sha256, 0) if self.file else 0

    def framing(self) -> Framing | None:
        """What the photo to model is of the file's photo; None without one."""
        return Framing(self.file.photo.size_hw, self.turned_degrees(), self.crop) if self.file else None

    def current_face_search(self) -> FaceSearch | None:
        """The search for faces in the chosen photo; None while there was none."""
        if self.full_photo and self.face_search and self.face_search.photo_sha256 == self.full_photo.sha256:
            return self.face_search
        return None

    def set_full_photo(self, name: str, photo: Photo | None) -> None:
        """Set the chosen photo, None where there is none. One in place of another is brought into view."""
        if photo and self.full_photo and photo.sha256 != self.full_photo.sha256:
            self.step_turns += 1
        self.photo_name, self.full_photo = name, photo

    def set_photo(self, photo: Photo | None, crop: PixelBox | None = None) -> None:
        """Set the photo to model. A different photo than before drops the results of the old one.

        crop: the part of the turned photo that it is, None for all of it.
        """
        if photo is None or self.photo is None or photo.sha256 != self.photo.sha256:
            self.depth_result = self.model_source = self.tried = self.kept = None
            if self.model_work:
                self.model_work.give_up()
            self.model_work = None
            self.folded.clear()
            self.current_step = STEPS[0]
        self.photo, self.crop = photo, crop

    def pick_face(self, number: int) -> None:
        """Model the person with this face, as if it was picked in step 1; in a callback only."""
        if self.face_picker is not None:
            st.session_state[self.face_picker] = FACE_TITLE.format(number)
            self.face = number

    def turn_to(self, step: str) -> None:
        """Open one of STEPS, fold those before it, and have it brought into view."""
        self.folded = set(STEPS[: STEPS.index(step)])
        self.current_step, self.step_turns = step, self.step_turns + 1

    def fold_or_open(self, step: str) -> None:
        """Fold a step that is open, or open one that is folded; bring into view what is open then."""
        self.folded ^= {step}
        last = STEPS[2] if self.model_source else STEPS[1]
        self.current_step = last if step in self.folded else step
        self.step_turns += 1


def current_session() -> Session:
    """The state of this browser session."""
    return st.session_state.setdefault("session", Session())


@st.cache_resource(show_spinner=False)
def writing_lock() -> FifoLock:
    """The lock for writing files, one visitor at a time: models and their reports take memory."""
    return FifoLock()


@st.cache_resource(show_spinner=False)
def shared_queue() -> InferenceQueue:
    """The inference queue of this process. It loads the bundled network in the background."""
    queue = InferenceQueue()
    queue.preload(DEFAULT_NETWORK)
    return queue
