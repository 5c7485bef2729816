"""The page served on 127.0.0.1 by `coarse_server`, and Debian's chromium to look at it."""

from contextlib import contextmanager

import pytest
from chromium import CHROMIUM, FLAGS
from npm_file import npm_file

from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import generate_model
from page.local_server import serving


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts[-2:-1]:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(900))  # a machine that is busy with other things draws slowly


@pytest.fixture(scope="session")
def address():
    """Where the page is served."""
    with serving(("-m", "tests.browser.coarse_server")) as server:
        yield server.address


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    if CHROMIUM is None:
        pytest.skip("no chromium here; `make test` installs it where it runs as root on Debian")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def metric_mesh():
    """A closed, textured head of 240 mm."""
    settings = ModelSettings(face_budget=3000, height_mm=240.0)
    return generate_model(head(), photo_of((96, 80)), "bust", settings).mesh


@pytest.fixture(scope="session")
def axe(request):
    """The text of axe-core, from npm."""
    return npm_file(request.config.cache, "axe-core@4", "axe.min.js")


def _context(chromium, **options):
    context = chromium.new_context(accept_downloads=True, **options)
    context.set_default_timeout(120_000)
    return context


@contextmanager
def _visits(chromium, address):
    """The function of `visit`, and what is checked afterwards."""
    contexts, outside, errors = [], [], []

    def open_page(width=1280, height=900, scheme="light", before=None, missing=None, **options):
        context = _context(chromium, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.on(
            "request",
            lambda request: outside.append(request.url) if not _stays_here(request.url, address) else None,
        )
        page.on(
            "console", lambda message: errors.append(message.text) if _is_error(message, missing) else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        if before:
            page.add_init_script(before)
        page.goto(address)
        page.locator(".stApp[data-test-connection-state=CONNECTED]").wait_for()
        page.get_by_role("button", name="Generate depth map").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


@pytest.fixture
def visit(chromium, address):
    """A function that opens the page as a new visitor; afterwards: no request left this machine, and the
    console shows no error.

    missing: part of the address of what will not load, which the console may say. Every visitor has a browser
    profile of their own. options: of that profile.
    """
    with _visits(chromium, address) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def shared_visit(chromium, address):
    """`visit` for the tests of a module, which go on where the one before them ended."""
    with _visits(chromium, address) as open_page:
        yield open_page


def _is_error(message, missing):
    """Whether a console message is a fault of the page. Chromium also reports a send into a connection that
    just ends, as when a busy server is late with an answer; Streamlit then connects again and goes on."""
    late_send = "WebSocket is already in CLOSING or CLOSED state" in message.text
    not_there = missing and missing in message.location.get("url", "")
    return message.type == "error" and not (late_send or not_there)


def _stays_here(url, address):
    return url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
