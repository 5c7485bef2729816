"""One queue for all visitors of the page: networks loaded once, one prediction at a time, and a place in the
queue that can be shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from depth_estimation import find_faces, load_network, predict
from face3d.depth.estimator import Network
from face3d.errors import FaceModelError
from face3d.structures import DepthMap, Face, Photo

NETWORKS_KEPT = 2
POLL_SECONDS = 0.3
"""How often a waiting visitor looks up: the longest time before a page that was left, or changed its mind,
gives its place free."""

ReportStatus = Callable[[str], object]
Progress = Callable[[int, int | None], None]


class TurnQueue:
    """First come, first served, one at a time; everybody can see how many are ahead.

    `report_status` may raise, as Streamlit does in a page that was left: the place is given free and the
    exception passes on.
    """

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._moved = threading.Condition()

    @contextmanager
    def turn(self, report_status: ReportStatus) -> Iterator[None]:
        """Waits until nobody is ahead; the turn lasts as long as the `with` block."""
        ticket = object()
        with self._moved:
            self._queue.append(ticket)
        try:
            while ahead := self._ahead(ticket):
                report_status(f"Waiting: {ahead} {'photo' if ahead == 1 else 'photos'} ahead of yours")
            yield
        finally:
            with self._moved:
                self._queue.remove(ticket)
                self._moved.notify_all()

    def _ahead(self, ticket: object) -> int:
        """How many are ahead, after a short wait while there are any."""
        with self._moved:
            if self._queue[0] is not ticket:
                self._moved.wait(POLL_SECONDS)
            return self._queue.index(ticket)


class InferenceQueue:
    """Safe to share between threads."""

    def __init__(self) -> None:
        """A queue with no network loaded and nobody waiting."""
        self._networks: OrderedDict[str, Network] = OrderedDict()
        self._keeping = threading.Lock()
        self._loading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._turns = TurnQueue()

    def warm(self, name: str) -> threading.Thread:
        """Load a network in the background, so that the first visitor does not wait for it."""
        thread = threading.Thread(target=self._load_quietly, args=(name,), name=f"load {name}", daemon=True)
        thread.start()
        return thread

    def depth(
        self, name: str, photo: Photo, report_status: ReportStatus, progress: Progress | None = None
    ) -> DepthMap:
        """Load the network if need be, wait for a turn, predict.

        report_status: told what is going on. progress: called with the bytes of a download that are here, and
        of how many.
        Raises DepthError and WeightsError.
        """
        network = self._network(name, report_status, progress)
        with self._turns.turn(report_status):
            report_status("Estimating depth")
            return predict(network, photo)

    def faces(self, name: str, photo: Photo, report_status: ReportStatus) -> tuple[Face, ...]:
        """As `depth`, but only the heads in the photo, largest first: about a third of the work."""
        network = self._network(name, report_status, None)
        with self._turns.turn(report_status):
            report_status("Looking for faces")
            return find_faces(network, photo)

    def _load_quietly(self, name: str) -> None:
        """Warming up reports nothing: the visitor who asks for the network gets the same error again, in
        place.
        """
        try:
            self._network(name, lambda _: None, None)
        except FaceModelError:
            return

    def _network(self, name: str, report_status: ReportStatus, progress: Progress | None) -> Network:
        """The network, loaded once for everybody; who wants another one does not wait for its download."""
        with self._keeping:
            loading = self._loading[name]
        while not loading.acquire(timeout=POLL_SECONDS):
            report_status("Waiting for a network that is being loaded")
        try:
            with self._keeping:
                network = self._networks.get(name)
            if network is None:
                report_status("Loading the network")
                network = load_network(name, progress=progress)
            self._keep(name, network)
            return network
        finally:
            loading.release()

    def _keep(self, name: str, network: Network) -> None:
        """Remembers a network as the one used last; the least recently used ones make room."""
        with self._keeping:
            self._networks[name] = network
            self._networks.move_to_end(name)
            while len(self._networks) > NETWORKS_KEPT:
                self._networks.popitem(last=False)
