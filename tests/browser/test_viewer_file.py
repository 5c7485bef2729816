"""The one-file viewer in a browser without a network: no request, no error, and the model turns."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from visitor import MODEL_ON_STAGE, camera, drag, wait_for, wait_for_eye

from face3d.export.glb import write_glb
from face3d.export.html_viewer import write_viewer

TITLE = "A <head> & shoulders"
LOSE_CONTEXT = """() => document.querySelector('.mv-canvas canvas').getContext('webgl2')
    .getExtension('WEBGL_lose_context').loseContext()"""
NO_WEBGL = """() => {
    const real = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith('webgl') ? null : real.call(this, kind, ...rest);
    };
}"""


@pytest.fixture(scope="module")
def viewer_file(tmp_path_factory, metric_mesh):
    path = tmp_path_factory.mktemp("viewer") / "head.html"
    path.write_bytes(write_viewer(metric_mesh, TITLE))
    return path


@pytest.fixture
def opened(viewer_file, chromium):
    """A function that opens the file offline; afterwards: it made no request and reported no error."""
    contexts, requests, errors = [], [], []

    def open_file(width=640, height=600, before="", **options):
        size = {"width": width, "height": height}
        contexts.append(chromium.new_context(viewport=size, offline=True, **options))
        page = contexts[-1].new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if before:
            page.add_init_script(f"({before})()")
        page.goto(viewer_file.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    inside = viewer_file.as_uri(), "data:", "blob:"
    assert [url for url in requests if not url.startswith(inside)] == []
    assert errors == []


def picture(stage):
    return np.asarray(Image.open(io.BytesIO(stage.screenshot())).convert("RGB")).astype(float)


def test_the_file_holds_the_glb_little_script_and_its_licence(viewer_file, metric_mesh):
    text = viewer_file.read_text("utf-8")
    (glb,) = re.findall(r'<script type="text/plain" id="glb">(.*?)</script>', text, re.DOTALL)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert base64.b64decode(glb) == write_glb(metric_mesh, TITLE)
    assert len(scripts) == 2 and sum(len(script.encode()) for script in scripts) <= 700_000
    assert "Permission is hereby granted, free of charge" in text and "three.js authors" in text


def test_it_opens_offline_turns_and_comes_back_after_a_lost_context(opened):
    page = opened()
    wait_for(page, MODEL_ON_STAGE)
    page.wait_for_timeout(1500)
    stage = page.locator(".mv-stage")
    assert page.title() == TITLE
    before, (eye, _) = picture(stage), camera(page)
    height, width, _ = before.shape
    assert before[height // 4 : -height // 4, width // 3 : -width // 3].std() > 15  # there is a head
    drag(page, stage, 140, 10)
    page.wait_for_timeout(800)
    after, (turned, _) = picture(stage), camera(page)
    assert np.abs(turned - eye).max() > 0.2
    assert (np.abs(after - before).max(axis=-1) > 20).mean() > 0.05
    page.evaluate(LOSE_CONTEXT)
    page.get_by_text("The browser lost its 3D graphics").wait_for()
    wait_for(page, MODEL_ON_STAGE)
    page.wait_for_timeout(800)
    assert np.abs(camera(page)[0] - turned).max() < 1e-6
    assert np.abs(picture(stage) - after).mean() < 1


def test_it_turns_by_itself_only_when_asked_to_free_orbit_tilts_and_keys_move(opened):
    page = opened(reduced_motion="reduce")
    wait_for(page, MODEL_ON_STAGE)
    start, _ = camera(page)
    page.wait_for_timeout(500)
    assert np.abs(camera(page)[0] - start).max() == 0
    spin = page.get_by_role("button", name="Auto-rotate")
    spin.click()
    wait_for_eye(page, "gap > 0.05", start)
    spin.click()
    assert spin.get_attribute("aria-pressed") == "false"
    stopped, _ = camera(page)
    page.wait_for_timeout(300)
    assert np.abs(camera(page)[0] - stopped).max() == 0

    stage, up = page.locator(".mv-stage"), "() => document.querySelector('.mv-stage').viewer.camera().up.y"
    page.get_by_role("button", name="Free orbit").click()
    drag(page, stage, 60, 0.45 * stage.bounding_box()["height"])
    assert page.evaluate(up) < 0  # over the top: upside down
    page.get_by_role("button", name="Free orbit").click()
    assert page.evaluate(up) == 1
    home = ("0", "gap < 1e-6")
    for key, law in (home, ("+", "reach < 1.4"), ("-", "reach > 1.4"), ("ArrowUp", "eye.y > 0.2"), home):
        stage.press(key)
        wait_for_eye(page, law, start)
    assert stage.evaluate("(stage) => getComputedStyle(stage).outlineStyle") == "solid"  # the focus is seen


def test_on_a_phone_it_fits_and_without_webgl_it_is_a_picture(opened):
    page = opened(width=390, height=844, before=NO_WEBGL, has_touch=True, is_mobile=True)
    page.get_by_text("WebGL is off").wait_for()
    still = page.get_by_role("img", name=f"3D model of {TITLE}.")
    assert still.evaluate("(still) => still.decode().then(() => still.naturalWidth)") > 500
    assert page.evaluate("() => document.documentElement.scrollWidth <= 390 && innerWidth === 390")
    page = opened(width=390, height=844, has_touch=True, is_mobile=True)
    wait_for(page, MODEL_ON_STAGE)
    assert page.evaluate("() => document.documentElement.scrollHeight") <= 844
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 40


def test_axe_finds_no_violation(opened, axe):
    page = opened(reduced_motion="reduce")
    wait_for(page, MODEL_ON_STAGE)
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    assert [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]] == []
