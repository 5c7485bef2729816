"""One inference queue for all visitors of the page.

Networks are loaded once and shared. One prediction runs at a time, and visitors are shown the number ahead.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from depth_estimation import (
    DepthEstimator,
    cut_out,
    find_faces,
    find_turn,
    load_network,
    predict,
)
from face3d.depth.download import Progress
from face3d.depth.estimator import FAST
from face3d.depth.registry import NETWORKS
from face3d.errors import FaceModelError
from face3d.matte import rembg
from face3d.matte.table import DEFAULT_MATTE, MATTES
from face3d.structures import DepthMap, Face, Photo

NETWORKS_KEPT = 2
POLL_SECONDS = 0.3
"""Interval at which a waiting visitor reports its status: the longest time before a page that was closed, or
that runs again, leaves the queue."""

NEW_SHARE = 0.3
"""Of the last time that a lock was held, in the estimate of the next."""

ReportStatus = Callable[[str], object]
Downloading = Callable[[str], Progress]
"""The progress of a download, by the title of what is fetched."""
FACE_NETWORK = "face"


class FifoLock:
    """A lock that is granted in the order of the requests, and that reports the number ahead, and about how
    long that will take where it has been held before.

    `report_status` may raise, as Streamlit does in a page that was closed. The request then leaves the queue,
    and the exception propagates.
    """

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()
        self._usual_seconds: float | None = None
        self._granted = monotonic()

    @contextmanager
    def hold(self, report_status: ReportStatus) -> Iterator[None]:
        """Waits until nobody is ahead, and holds the lock for the `with` block."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            while ahead := self._count_ahead(ticket):
                report_status(self._place(ahead))
            self._granted = monotonic()
            yield
            self._held_for(monotonic() - self._granted)
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _held_for(self, seconds: float) -> None:
        """Notes how long it was held; what is longer ago counts less."""
        usual = seconds if self._usual_seconds is None else self._usual_seconds
        self._usual_seconds = usual + NEW_SHARE * (seconds - usual)

    def _place(self, ahead: int) -> str:
        """The place in the queue, and the estimate."""
        place = f"Waiting: {ahead} {'photo' if ahead == 1 else 'photos'} ahead of yours"
        if self._usual_seconds is None:
            return place
        of_first = max(0.0, self._usual_seconds - (monotonic() - self._granted))
        return f"{place}, about {max(1, round(of_first + (ahead - 1) * self._usual_seconds))} s"

    def _count_ahead(self, ticket: object) -> int:
        """The number ahead, after a wait of POLL_SECONDS at most while there are any."""
        with self._changed:
            if self._queue[0] is not ticket:
                self._changed.wait(POLL_SECONDS)
            return self._queue.index(ticket)


class InferenceQueue:
    """Loads networks and runs them one at a time. Safe to share between threads."""

    def __init__(self) -> None:
        """An empty queue with no network loaded."""
        self._networks: OrderedDict[str, DepthEstimator] = OrderedDict()
        self._networks_lock = threading.Lock()
        self._loading_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._inference_lock = FifoLock()

    def preload(self, name: str) -> threading.Thread:
        """Loads a network in the background, so that the first visitor does not wait for it."""
        thread = threading.Thread(target=self._try_load, args=(name,), name=f"load {name}", daemon=True)
        thread.start()
        return thread

    def predict(
        self,
        name: str,
        photo: Photo,
        report_status: ReportStatus,
        downloading: Downloading | None = None,
        *,
        quality: str = FAST,
        matte: str = DEFAULT_MATTE,
        mask: Photo | None = None,
        refine: bool = False,
    ) -> DepthMap:
        """The depth map of `photo` by the network `name`, cut out by a row of MATTES.

        What is needed is loaded first.
        report_status: called with the current step, and at least every POLL_SECONDS while waiting.
        quality: one of QUALITIES. mask, refine: see `depth_estimation.cut_out`.
        Raises DepthError, MatteError and WeightsError.
        """
        from face3d.depth.face.estimator import at_quality  # OpenCV and ONNX Runtime, with the first network

        network = at_quality(self._load(name, report_status, downloading), quality)

        def estimate() -> DepthMap:
            report_status("Estimating depth")
            return predict(network, photo)

        return self.cut_out(
            estimate, photo, report_status, downloading, matte=matte, mask=mask, refine=refine
        )

    def cut_out(
        self,
        estimate: Callable[[], DepthMap],
        photo: Photo,
        report_status: ReportStatus,
        downloading: Downloading | None = None,
        *,
        matte: str = DEFAULT_MATTE,
        mask: Photo | None = None,
        refine: bool = False,
    ) -> DepthMap:
        """Like `predict`, of a depth map that `estimate` gives when its turn has come."""
        spec = MATTES[matte]
        if spec.of_rembg:
            report_status(f"Loading {spec.title}")
            rembg.fetch(spec, downloading and downloading(spec.title))
        face = None if matte == "none" else self._load(FACE_NETWORK, report_status, downloading)
        with self._inference_lock.hold(report_status):
            depth = estimate()
            if refine or matte not in ("none", depth.matte):
                report_status("Cutting out")
            return cut_out(depth, photo, matte, mask=mask, face_network=face, refine=refine)

    def find_faces(self, name: str, photo: Photo, report_status: ReportStatus) -> tuple[Face, ...]:
        """Like `predict`, but only the faces, largest person first."""
        network = self._load(name, report_status, None)
        with self._inference_lock.hold(report_status):
            report_status("Detecting faces")
            return find_faces(network, photo)

    def find_turn(self, name: str, photo: Photo, report_status: ReportStatus) -> int:
        """See `depth_estimation.find_turn`."""
        network = self._load(name, report_status, None)
        with self._inference_lock.hold(report_status):
            report_status("Looking for a turned head")
            return find_turn(network, photo)

    def _try_load(self, name: str) -> None:
        """Loads a network and drops the error: the first request for the network raises it again."""
        try:
            self._load(name, lambda _: None, None)
        except FaceModelError:
            return

    def _load(
        self, name: str, report_status: ReportStatus, downloading: Downloading | None
    ) -> DepthEstimator:
        """The network, loaded once for all. A request for another network does not wait for its download."""
        with self._networks_lock:
            loading_lock = self._loading_locks[name]
        while not loading_lock.acquire(timeout=POLL_SECONDS):
            report_status("Waiting for a network that is being loaded")
        try:
            with self._networks_lock:
                network = self._networks.get(name)
            if network is None:
                report_status("Loading the network")
                progress = downloading and downloading(NETWORKS[name].title)
                network = load_network(name, progress=progress)
            self._keep(name, network)
            return network
        finally:
            loading_lock.release()

    def _keep(self, name: str, network: DepthEstimator) -> None:
        """Keeps a network as the most recently used; the least recently used ones are dropped."""
        with self._networks_lock:
            self._networks[name] = network
            self._networks.move_to_end(name)
            while len(self._networks) > NETWORKS_KEPT:
                self._networks.popitem(last=False)
