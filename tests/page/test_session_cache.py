"""The cache is bounded in bytes and drops the least recently used result."""

import numpy as np

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
