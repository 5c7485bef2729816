"""The cache is bounded in bytes and drops the least recently used result."""

import threading

import numpy as np
import pytest

from page.session_cache import SessionCache


def test_the_cache_keeps_what_fits_and_forgets_the_oldest():
    cache = SessionCache(max_bytes=250)
    made = []

    def make(name):
        return lambda: made.append(name) or np.zeros(100, np.uint8)

    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get_or_make(name, make(name))
    assert made == ["a", "b", "c", "b"] and cache.held_bytes == 200
    cache.get_or_make("huge", lambda: b"x" * 300)
    assert cache.held_bytes <= 250


def test_threads_that_ask_at_once_share_one_result():
    cache, made, begun, gate = SessionCache(), [], threading.Event(), threading.Event()
    found = []

    def make():
        begun.set()
        gate.wait(10)
        made.append(1)
        return "result"

    threads = [threading.Thread(target=lambda: found.append(cache.get_or_make("a", make))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10) and cache.get_or_make("b", lambda: "other") == "other"
    gate.set()
    for thread in threads:
        thread.join(10)
    assert found == ["result"] * 3 and made == [1]


def test_what_fails_is_made_anew():
    cache = SessionCache()

    def fail():
        raise MemoryError

    with pytest.raises(MemoryError):
        cache.get_or_make("a", fail)
    assert cache.get_or_make("a", lambda: 1) == 1
