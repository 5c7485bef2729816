"""A cache for the results of one browser session, bounded in bytes.

It is part of the session's state, so no other visitor gets a result of this one, and it is freed when the
session ends.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")

MAX_BYTES = 256 * 2**20


class SessionCache:
    """Least-recently-used cache. A key holds the photo's SHA-256 and every setting the result depends on.

    The page, its work in the background and its downloads may ask at once, each on a thread of its own: a
    result that one of them is making is waited for, and made once.
    max_bytes: of all kept results; the least recently used are dropped first, and a larger result is not
    kept.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """An empty cache."""
        self.max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes held now."""
        return sum(self._sizes.values())

    def get_or_make(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """The kept result of `key`, else that of `make()`, which is kept unless it raises."""
        with self._lock:
            if key in self._kept:
                return self._used(key)
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._used(key)
            try:
                result = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._keep(key, result)
            return result

    def _used(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: Hashable, result: Any) -> None:
        self._kept[key], self._sizes[key] = result, size_of(result)
        while self._kept and self.held_bytes > self.max_bytes:
            oldest, _ = self._kept.popitem(last=False)
            del self._sizes[oldest]


def size_of(value: Any) -> int:
    """Bytes of the arrays and strings in a result, inside dataclasses, tuples, lists and dictionaries too."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str | bytes):
        return len(value)
    if is_dataclass(value) and not isinstance(value, type):
        return sum(size_of(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, dict):
        return sum(size_of(part) for part in value.values())
    return sum(size_of(part) for part in value) if isinstance(value, tuple | list) else 0
