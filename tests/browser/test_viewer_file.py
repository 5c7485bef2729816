"""The one-file viewer in a browser without a network: no request, no error, and the model turns."""

import base64
import io
import re

import numpy as np
import pytest
from animated_head import animated_head
from PIL import Image
from visitor import MODEL_ON_STAGE, camera, drag, wait_for, wait_for_eye

from face3d.export.glb import write_glb
from face3d.export.html_viewer import write_viewer

TITLE = "A <head> & shoulders"
BY_SIDE = "mouthSmile", "eyeBlink", "browInnerUp"
NAMES = ("jawOpen", *(name + side for name in BY_SIDE for side in ("Left", "Right")))
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


@pytest.fixture(scope="module")
def head_file(tmp_path_factory):
    """The same of a head with a few expressions."""
    path = tmp_path_factory.mktemp("viewer") / "animated.html"
    path.write_bytes(write_viewer(animated_head(64, NAMES), TITLE))
    return path


@pytest.fixture
def opened(viewer_file, chromium):
    """A function that opens a file offline; afterwards: it made no request and reported no error."""
    contexts, requests, errors, opened_files = [], [], [], []

    def open_file(width=640, height=600, before="", file=viewer_file, **options):
        size = {"width": width, "height": height}
        opened_files.append(file.as_uri())
        contexts.append(chromium.new_context(viewport=size, offline=True, **options))
        page = contexts[-1].new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if before:
            page.add_init_script(f"({before})()")
        page.goto(file.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    inside = (*opened_files, "data:", "blob:")
    assert [url for url in requests if not url.startswith(inside)] == []
    assert errors == []


@pytest.fixture
def small_head(opened, head_file):
    """The head with expressions on a small stage."""
    page = opened(420, 480, file=head_file)
    wait_for(page, MODEL_ON_STAGE)
    page.get_by_role("button", name="Expressions").click()
    return page


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


def test_on_a_phone_it_fits_and_without_webgl_it_is_a_picture(opened, viewer_file, head_file):
    page = opened(width=390, height=844, before=NO_WEBGL, has_touch=True, is_mobile=True)
    page.get_by_text("WebGL is off").wait_for()
    still = page.get_by_role("img", name=f"3D model of {TITLE}.")
    assert still.evaluate("(still) => still.decode().then(() => still.naturalWidth)") > 500
    assert page.evaluate("() => document.documentElement.scrollWidth <= 390 && innerWidth === 390")
    for file in (viewer_file, head_file):
        page = opened(width=390, height=844, has_touch=True, is_mobile=True, file=file)
        wait_for(page, MODEL_ON_STAGE)
        check_controls_on_a_phone(page, 12 if file == head_file else 11)
    page.get_by_role("button", name="Expressions").click()
    check_controls_on_a_phone(page, 19)
    page.get_by_role("button", name="Expressions").click()
    page.get_by_role("button", name="Picture").click()
    check_controls_on_a_phone(page, 14)


def check_controls_on_a_phone(page, number):
    """So many buttons, sliders and lists are on the screen, each as large as a finger needs."""
    assert page.evaluate("() => document.documentElement.scrollHeight") <= 844
    controls = page.locator("button:visible, input:visible, select:visible").all()
    assert len(controls) == number
    for control in controls:
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 40


def at_rest(page):
    """The stage's picture once it does not change."""
    before = None
    for _ in range(40):
        now = picture(page.locator(".mv-stage"))
        if before is not None and np.array_equal(now, before):
            return now
        before = now
        page.wait_for_timeout(300)
    raise AssertionError("The picture never came to rest.")


WEIGHTS = """() => {
    const { meshes } = document.querySelector('.mv-stage').viewer.scene, found = {};
    for (const { name, morphTargetDictionary, morphTargetInfluences } of meshes)
        for (const [target, at] of Object.entries(morphTargetDictionary ?? {}))
            if (morphTargetInfluences[at]) found[`${name} ${target}`] = morphTargetInfluences[at];
    return found;
}"""
"""By part and expression, those that are not 0."""


def test_sliders_move_the_face(small_head):
    page, still = small_head, at_rest(small_head)
    assert page.evaluate(WEIGHTS) == {}
    middles = {}
    for name, targets in {
        "Smile": {"skin mouthSmileLeft", "skin mouthSmileRight"},
        "Blink": {"skin eyeBlinkLeft", "skin eyeBlinkRight"},
        "Jaw open": {"skin jawOpen", "teeth jawOpen"},
    }.items():
        page.get_by_role("slider", name=name).fill("60")
        weights = page.evaluate(WEIGHTS)
        assert targets <= set(weights) and set(weights.values()) == {0.6}
        moved_hw = np.abs(at_rest(page) - still).max(axis=-1) > 8
        middles[name] = np.argwhere(moved_hw).mean(axis=0)
        assert abs(middles[name][1] / moved_hw.shape[1] - 0.5) < 0.02  # both sides
        page.get_by_role("button", name="Reset face").click()
        assert page.evaluate(WEIGHTS) == {} and page.get_by_role("slider", name=name).input_value() == "0"
    assert middles["Blink"][0] < middles["Smile"][0] < middles["Jaw open"][0]
    assert (at_rest(page) == still).all()


def test_any_expression_can_be_chosen_and_is_kept_while_the_context_is_lost(small_head):
    page = small_head
    which, strength = page.get_by_role("combobox"), page.get_by_role("slider", name="Its strength")
    assert len(which.locator("option").all()) == len(NAMES) + 1  # browInnerUp of both sides
    which.select_option("mouthSmileLeft")
    strength.fill("80")
    assert page.evaluate(WEIGHTS)["skin mouthSmileLeft"] == 0.8
    assert page.get_by_role("slider", name="Smile").input_value() == "40"  # the other side rests
    which.select_option("Brow inner up")
    assert strength.input_value() == "0"
    page.evaluate(LOSE_CONTEXT)
    page.get_by_text("The browser lost its 3D graphics").wait_for()
    assert not page.get_by_role("slider", name="Smile").is_visible()
    wait_for(page, MODEL_ON_STAGE)
    assert page.evaluate(WEIGHTS)["skin mouthSmileLeft"] == 0.8 and which.input_value() == "browInnerUp"


def test_the_idle_movement_is_switched_on_and_off_and_ends_where_motion_is_unwanted(small_head):
    page = small_head
    idle, still = page.get_by_role("button", name="Idle motion"), at_rest(page)
    assert idle.get_attribute("aria-pressed") == "false"
    idle.click()
    assert idle.get_attribute("aria-pressed") == "true"
    wait_for(page, f"() => Object.keys(({WEIGHTS})()).some((name) => name.includes('eyeBlink'))")
    assert np.abs(picture(page.locator(".mv-stage")) - still).max() > 20
    idle.click()
    assert page.evaluate(WEIGHTS) == {} and (at_rest(page) == still).all()
    idle.click()
    page.emulate_media(reduced_motion="reduce")
    idle.wait_for(state="hidden")
    assert page.evaluate(WEIGHTS) == {} and (at_rest(page) == still).all()


def test_a_model_without_expressions_has_no_slider(opened):
    page = opened()
    wait_for(page, MODEL_ON_STAGE)
    for control in page.locator("input, select").all() + page.get_by_text("Idle motion").all():
        assert not control.is_visible()


@pytest.mark.parametrize("animated", [False, True])
def test_axe_finds_no_violation(opened, axe, animated, viewer_file, head_file):
    page = opened(reduced_motion="reduce", file=head_file if animated else viewer_file)
    wait_for(page, MODEL_ON_STAGE)
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    assert [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]] == []
