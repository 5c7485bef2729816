"""The page in a real browser, from upload to each download."""

import re

import numpy as np
import pytest
from odd_names import LOADING, ODD_NAMES
from playwright.sync_api import expect
from sample_files import ASTRONAUT, MIRRORED
from visitor import (
    NEW_TO_THE_SERVER,
    SLOW_MS,
    camera,
    close_popover,
    drag,
    generate_depth,
    generate_model,
    open_popover,
    press_depth,
    send_file,
    settle,
    show,
    upload,
    wait_for,
    wait_for_eye,
)

from face3d.photo import listed_formats

pytest.importorskip("playwright.sync_api")


def test_from_upload_to_a_model_that_turns_keeps_its_camera_and_can_be_downloaded(visit):
    page = visit(before=KEEP_SOCKETS)
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate_depth(page)
    generate_model(page)
    stage = page.locator(".mv-stage")
    stage.scroll_into_view_if_needed()
    start, _ = camera(page)
    drag(page, stage, 160, 30)
    wait_for_eye(page, "gap > 0.2", start)
    page.wait_for_timeout(500)
    turned, _ = camera(page)

    drawn = page.evaluate("() => document.querySelector('.mv-plot').data[0].z")
    open_popover(page, "More settings")
    page.get_by_role("slider", name="Smoothing, pixels").press("ArrowRight")
    wait_for(
        page,
        "(was) => JSON.stringify(document.querySelector('.mv-plot').data[0].z) !== JSON.stringify(was)",
        arg=drawn,
    )
    settle(page)
    close_popover(page)
    assert np.abs(camera(page)[0] - turned).max() < 1e-6
    check_a_resumed_visit(page)
    assert np.abs(camera(page)[0] - turned).max() < 1e-6

    expect(page.get_by_text("and measuring it")).to_have_count(0)
    expect(page.get_by_text("Ready to print")).to_have_count(1)  # the old one stays a while
    settle(page)
    check_downloads(page, {"Download GLB": b"glTF", "All files (zip)": b"PK"})
    open_popover(page, "More formats")
    starts = {
        "STL": b"",
        "PLY": b"ply",
        "OBJ": b"PK",
        "3MF": b"PK",
        "USDZ": b"PK",
        "XYZ": b"",
        "Points, PLY": b"ply",
        "Viewer": b"<!doctype html",
        "Mesh report": b"{",
        "Picture without background": b"\x89PNG",
        "Turntable, GIF": b"GIF89a",
        "Turntable, MP4": b"\0\0\0",
    }
    check_downloads(page, starts)
    close_popover(page)
    page.locator(".st-key-line-depth").click()  # all of a folded step's line opens it
    expect(page.locator(".pv-frame").first).to_be_visible()
    open_popover(page, "Download the depth map")
    check_downloads(
        page,
        {
            "PNG, 8-bit": b"\x89PNG",
            "PNG, 16-bit": b"\x89PNG",
            "NPY": b"\x93NUMPY",
            "EXR": b"\x76\x2f\x31\x01",
            "Normal map, OpenGL": b"\x89PNG",
            "Normal map, DirectX": b"\x89PNG",
            "PNG in these colours": b"\x89PNG",
        },
    )


def check_downloads(page, starts):
    """Each button gives a file with this beginning. starts: by what is in the button's label."""
    for label, start in starts.items():
        button = page.locator(".stDownloadButton button").filter(has_text=label).first
        button.scroll_into_view_if_needed()
        with page.expect_download(timeout=SLOW_MS) as waiting:
            button.click()
        data = waiting.value.path().read_bytes()
        assert len(data) > 200 and data.lstrip().startswith(start), label
        page.wait_for_timeout(150)  # Chromium drops the eleventh download of a page within a second


@pytest.mark.slow
def test_another_photo_leaves_nothing_of_the_first(visit):
    page = visit(before=KEEP_SOCKETS)
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate_depth(page)
    upload(page, "mirrored.jpg", MIRRORED)
    expect(page.locator(".pv-frame")).to_have_count(0)
    expect(page.locator(".mv-stage")).to_have_count(0)
    expect(page.get_by_role("button", name="Generate 3D model")).to_be_disabled()
    check_a_lost_visit(page)


KEEP_SOCKETS = """window.sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(...values) {
            if (window.isCut) {
                window.sockets.push(Object.assign(new EventTarget(), { readyState: 0, close() {} }));
                return window.sockets.at(-1);
            }
            super(...values);
            window.sockets.push(this);
        }
    };"""
CUT = "() => window.sockets.forEach((socket) => socket.close())"
MEND = """() => {
    window.isCut = false;
    const closed = new CloseEvent("close"), socket = window.sockets.at(-1);
    socket.onclose ? socket.onclose(closed) : socket.dispatchEvent(closed);
}"""
CONNECTED = "() => window.sockets.at(-1).readyState === 1"


def check_a_resumed_visit(page):
    """A connection that is back soon: the visit goes on with its settings and its camera."""
    seen, _ = camera(page)
    sockets = page.evaluate("() => window.sockets.length")
    page.evaluate(CUT)
    wait_for(page, f"(had) => window.sockets.length > had && ({CONNECTED})()", arg=sockets)
    settle(page)
    show(page, "Points", "scatter3d")
    show(page, "Surface", "surface")
    assert np.abs(camera(page)[0] - seen).max() < 1e-6
    expect(page.get_by_text("astronaut.jpg · ")).to_have_count(1)
    expect(page.get_by_text("The photo is no longer here")).to_have_count(0)


def check_a_lost_visit(page):
    """After a lost connection: no other photo in place of the uploaded one, and the next one is taken."""
    page.evaluate("() => { window.isCut = true; }")
    page.evaluate(CUT)
    wait_for(page, "() => window.sockets.at(-1).readyState === 0")  # it tries, and nobody answers
    page.wait_for_timeout(4000)  # the server keeps the visit for two seconds
    page.evaluate(MEND)
    wait_for(page, CONNECTED)
    press_depth(page)
    expect(page.get_by_text("The photo is no longer here")).to_be_visible()
    settle(page)
    expect(page.get_by_text("mirrored.jpg")).to_have_count(0)
    expect(page.get_by_text("portrait_1.jpg")).to_have_count(0)
    expect(page.get_by_role("button", name="Generate depth map")).to_be_disabled()
    upload(page, "astronaut.jpg", ASTRONAUT)
    expect(page.get_by_text("The photo is no longer here")).to_have_count(0)


@pytest.mark.slow
def test_a_photo_that_comes_while_depth_is_computed_leaves_nothing_of_the_first(visit):
    page = visit()
    upload(page, "astronaut.jpg", NEW_TO_THE_SERVER)
    press_depth(page)
    expect(page.locator(".st-key-step-depth").get_by_role("progressbar")).to_be_visible()
    send_file(page, "mirrored.jpg", MIRRORED)
    expect(page.get_by_text("mirrored.jpg · ")).to_contain_text("1 face found")
    settle(page)
    expect(page.get_by_text("astronaut.jpg")).to_have_count(0)
    expect(page.locator(".pv-frame")).to_have_count(0)
    expect(page.locator(".st-key-step-depth").get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Generate 3D model")).to_be_disabled()
    generate_depth(page)
    expect(page.get_by_text("Made by Face network")).to_be_visible()


@pytest.mark.slow
def test_a_bad_file_is_reported_by_its_name_and_a_good_one_follows(visit):
    """Whatever the name is, it is text: no link, no picture, and no request, which `visit` checks."""
    page = visit()
    step = page.locator(".st-key-step-photo")
    for name in ODD_NAMES:
        send_file(page, name, b"Dear Sir")
        alert = step.get_by_role("alert")
        expect(alert).to_have_text(f"{name} is not a photo; choose a {listed_formats()} file.")
        expect(alert.locator("p *:not(span)")).to_have_count(0)
    expect(page.get_by_role("button", name="Generate depth map")).to_be_disabled()
    upload(page, LOADING, ASTRONAUT)
    caption = step.get_by_test_id("stCaptionContainer")
    expect(caption).to_have_text(re.compile("^" + re.escape(LOADING) + " · 512 × 512 pixels"))
    expect(caption.locator("p *:not(span)")).to_have_count(0)
    expect(caption).to_have_css("opacity", "0.72")
    expect(page.get_by_role("button", name="Generate depth map")).to_be_enabled()


def test_two_visitors_see_only_their_own_photo_and_nothing_of_a_visit_is_left(visit):
    first, second = visit(), visit()
    upload(first, "astronaut.jpg", ASTRONAUT)
    upload(second, "mirrored.jpg", MIRRORED)
    generate_depth(first)
    generate_depth(second)
    expect(second.locator(".pv-photo")).not_to_have_attribute(
        "src", first.locator(".pv-photo").get_attribute("src")
    )
    expect(first.get_by_text("mirrored.jpg")).to_have_count(0)
    expect(second.get_by_text("astronaut.jpg")).to_have_count(0)

    fetched = []
    first.on("response", lambda answer: "/media/" in answer.url and fetched.append(answer))
    open_popover(first, "Download the depth map")
    check_downloads(first, {"NPY": b"\x93NUMPY"})
    answer = fetched[0]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    first.context.close()
    second.wait_for_timeout(4000)  # the second visitor does nothing, and the server sweeps by itself
    assert second.request.get(answer.url).status == 404


def test_without_webgl_a_still_picture_stands_in(visit):
    no_webgl = """const real = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind.startsWith('webgl') ? null : real.call(this, kind, ...rest);
        };"""
    page = visit(before=no_webgl)
    generate_depth(page)
    page.get_by_role("button", name="Generate 3D model").click()
    expect(page.locator(".mv-still")).to_have_attribute("alt", re.compile("^3D model"))
    expect(page.get_by_text("WebGL is off")).to_be_visible()
    page.get_by_role("radio", name="Model").click()
    expect(page.locator(".mv-still")).to_have_attribute("src", re.compile("^data:image/webp"), timeout=60_000)
    expect(page.get_by_text("WebGL is off")).to_be_visible()
