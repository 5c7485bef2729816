"""The model viewer under mouse, fingers and keys: orbit, pan, zoom, reset, views, full screen, picture."""

import io
import re

import numpy as np
import pytest
from model_picture import front_view, mesh_in, middle_of, rendered, shown_glb
from PIL import Image
from playwright.sync_api import expect
from visitor import (
    MODEL_ON_STAGE,
    PLOT_CAMERA,
    SCENE,
    SLOW_MS,
    STAGES,
    camera,
    drag,
    generate_depth,
    middle,
    model_on_stage,
    open_popover,
    pixels,
    settle,
    show,
    show_model,
    wait_for,
    wait_for_eye,
)

pytest.importorskip("playwright.sync_api")

START_DISTANCE = 1.5
KEEP_THE_SIZE = """({ viewer: { figure } }) => {
    figure.growth = 1;
    figure.host._fullLayout.scene._scene.glplot.redraw();
}"""
DARK = 60
"""Grey value below which a pixel of the stage is its backdrop, or a deep shadow."""
UPRIGHT = """(stage) => {
    const { controls, eye } = stage.viewer.turntable, up = eye.up.clone().applyQuaternion(eye.quaternion);
    const sideways = up.clone().cross(eye.position.clone().sub(controls.target)).normalize();
    return [up.y, Math.abs(sideways.y)];
}"""
"""The height of the camera's own up vector, and of its horizon: the head stands upright."""
PROPORTIONS = """() => {
    const scene = document.querySelector('.mv-plot')._fullLayout.scene, ratio = scene.aspectratio;
    const length = ({ range: [low, high] }) => high - low;
    return ['x', 'y', 'z'].map((axis) => ratio[axis] / length(scene[axis + 'axis']));
}"""
LOSE_WEBGL = """() => {
    const lost = document.querySelector('.mv-stage canvas'), real = HTMLCanvasElement.prototype.getContext;
    (lost.getContext('webgl2') ?? lost.getContext('webgl')).getExtension('WEBGL_lose_context').loseContext();
    window.getContext = real;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith('webgl') ? null : real.call(this, kind, ...rest);
    };
}"""
"""The context of the viewer is lost, and there is no other until `getContext` is put back."""
TAKEN = """(stage) => {
    const press = (held) => new KeyboardEvent('keydown', { key: '0', cancelable: true, [held]: true });
    const modifiers = ['', 'ctrlKey', 'metaKey', 'altKey'];
    return Object.fromEntries(modifiers.map((held) => [held, !stage.dispatchEvent(press(held))]));
}"""
"""Whether the stage handles a key press itself, by the modifier that is held; the browser has the others."""


@pytest.fixture(scope="module")
def page(shared_visit):
    """The page with the model of the bundled sample."""
    opened = shared_visit()
    model_on_stage(opened)
    return opened


@pytest.fixture
def stage(page):
    """The stage of its viewer, seen from the front."""
    page.get_by_role("button", name="Front", exact=True).click()
    wait_for_eye(page, "Math.abs(eye.z - 1.5) + Math.abs(eye.x) < 1e-6")
    page.wait_for_timeout(300)
    return page.locator(".mv-stage")


def test_mouse_and_buttons_turn_move_zoom_and_reset(page, stage):
    before, (start, _) = pixels(stage), camera(page)
    assert before.std() > 5

    drag(page, stage, 160, 30)
    wait_for_eye(page, "gap > 0.2", start)
    page.wait_for_timeout(600)
    assert (np.abs(pixels(stage) - before) > 8).mean() > 0.05

    x, y = middle(stage)
    page.mouse.dblclick(x, y)
    wait_for_eye(page, "gap < 1e-6", start)

    page.mouse.move(x, y)
    page.mouse.wheel(0, -240)
    wait_for_eye(page, f"reach < 0.97 * {START_DISTANCE}")
    page.mouse.wheel(0, 900)
    wait_for_eye(page, f"reach > 1.03 * {START_DISTANCE}")
    page.mouse.dblclick(x, y)
    wait_for_eye(page, "gap < 1e-6", start)

    drag(page, stage, 120, 0, button="right")
    wait_for_eye(page, "size(center) > 0.03")
    stage.press("0")
    wait_for_eye(page, "gap < 1e-6 && size(center) < 1e-6", start)

    for name, law in (
        ("Left", "Math.abs(eye.x + 1.5) + Math.abs(eye.z) < 1e-6"),
        ("Right", "Math.abs(eye.x - 1.5) + Math.abs(eye.z) < 1e-6"),
        ("Back", "Math.abs(eye.z + 1.5) + Math.abs(eye.x) < 1e-6"),
        ("Top", "Math.abs(eye.y - 1.5) + Math.abs(eye.z) < 0.02"),
        ("Three-quarter", "eye.x > 0.6 && eye.z > 0.6 && eye.y > 0"),
        ("Front", "Math.abs(eye.z - 1.5) + Math.abs(eye.x) < 1e-6"),
    ):
        page.get_by_role("button", name=name, exact=True).click()
        wait_for_eye(page, law)
    stage.press("ArrowRight")
    wait_for_eye(page, "gap > 0.1", start)
    assert stage.evaluate(TAKEN) == {"": True, "ctrlKey": False, "metaKey": False, "altKey": False}


@pytest.mark.slow
def test_a_failed_load_shows_a_picture_and_the_next_try_the_model(visit):
    """Without the library: a still picture and the remedy. With it at the next change: the model."""
    page = visit(missing="plotly.min.js")
    page.route("**/*plotly.min.js*", lambda route: route.abort())
    generate_depth(page)
    page.get_by_role("button", name="Generate 3D model").click()
    expect(page.get_by_text("plotly.min.js did not load")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".mv-stage img")).to_be_visible()
    settle(page)
    page.unroute("**/*plotly.min.js*")
    show(page, "Points", "scatter3d")
    expect(page.get_by_text("plotly.min.js did not load")).to_have_count(0)
    stage = page.locator(".mv-stage")
    stage.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    drag(page, stage, 160)
    wait_for_eye(page, "Math.abs(eye.x) > 0.2")


def test_full_screen_and_back(page, stage):
    small = stage.bounding_box()["height"]
    page.get_by_role("button", name="Full screen").click()
    wait_for(page, "() => document.fullscreenElement?.classList.contains('mv')")
    wait_for(
        page,
        "(small) => document.querySelector('.mv-stage').getBoundingClientRect().height > 1.1 * small",
        arg=small,
    )
    wait_for(page, "() => document.querySelector('.mv-plot canvas').getBoundingClientRect().width > 1000")
    page.get_by_role("button", name="Leave full screen").click()
    wait_for(page, "() => !document.fullscreenElement")
    expect(page.get_by_role("button", name="Front", exact=True)).to_be_visible()


@pytest.mark.slow
def test_where_a_browser_has_no_full_screen_there_is_no_button_for_it(visit):
    page = visit(before="delete Element.prototype.requestFullscreen;")  # as on an iPhone
    model_on_stage(page)
    expect(page.get_by_role("button", name="Picture", exact=True)).to_be_visible()
    expect(page.locator(".mv-bar").get_by_role("button", name="Full screen")).to_have_count(0)


def test_points_grow_with_the_zoom_and_leave_no_gap(page, stage):
    show(page, "Points", "scatter3d")
    for _ in range(9):
        stage.press("+")
    wait_for_eye(page, f"reach < 0.5 * {START_DISTANCE}")
    page.wait_for_timeout(600)
    grown = stage.evaluate("(stage) => stage.viewer.figure.growth")
    with_growth = (pixels(stage) < DARK).mean()
    stage.evaluate(KEEP_THE_SIZE)
    page.wait_for_timeout(600)
    assert grown > 2 and with_growth < 0.8 * (pixels(stage) < DARK).mean()
    stage.press("0")


def saved(page, name):
    """What the line of this name in the list of *Picture* downloads: name and (h, w, 4) uint8 pixels."""
    bar = page.locator(".mv-bar")
    bar.get_by_role("button", name="Picture", exact=True).click()
    with page.expect_download(timeout=SLOW_MS) as waiting:
        bar.get_by_role("button", name=name, exact=True).click()
    expect(bar.get_by_role("button", name=name, exact=True)).to_be_hidden()
    picture = Image.open(io.BytesIO(waiting.value.path().read_bytes()))
    return waiting.value.suggested_filename, np.asarray(picture.convert("RGBA"))


def test_the_saved_picture_is_the_stage_with_or_without_background(page, stage):
    for show_it in (lambda: show_model(page), lambda: show(page, "Surface", "surface")):
        show_it()
        page.wait_for_timeout(600)
        seen = pixels(stage)
        name, picture = saved(page, "Save with background")
        assert name == "face-3d.png" and max(picture.shape) == 1600
        alike = Image.fromarray(picture).convert("L").resize(seen.shape[::-1], Image.Resampling.BOX)
        assert np.abs(np.asarray(alike, np.float64) - seen).mean() < 3
        name, cutout = saved(page, "Save with transparent background")
        assert name == "face-3d-cutout.png" and cutout.shape == picture.shape
        alpha_hw = cutout[..., 3]
        assert 0.02 < (alpha_hw > 128).mean() < 0.9 and (alpha_hw[[0, 0, -1, -1], [0, -1, 0, -1]] == 0).all()


def test_every_view_keeps_its_camera_and_has_true_proportions(page):
    """A unit of length is as long on the screen along each axis."""
    page.locator(".st-key-line-photo").click()
    page.get_by_role("button", name="Sample 2").click()
    expect(page.get_by_text("portrait_1.jpg")).to_contain_text("1 face found")
    stage = model_on_stage(page)
    drag(page, stage, 160, 30)
    wait_for_eye(page, "size(eye) > 0 && Math.abs(eye.x) > 0.2")
    page.wait_for_timeout(300)
    turned, _ = camera(page)
    for shown, kind in (("Points", "scatter3d"), ("Surface", "surface")):
        show(page, shown, kind)
        assert np.abs(camera(page)[0] - turned).max() < 1e-6
        x, y, z = page.evaluate(PROPORTIONS)
        assert y == pytest.approx(x, rel=1e-4) and z == pytest.approx(x, rel=1e-4), shown
    check_a_lost_context(page, stage, SCENE)
    turned, _ = camera(page)
    show_model(page)
    assert np.abs(camera(page)[0] - turned).max() < 1e-6
    check_a_lost_context(page, stage, MODEL_ON_STAGE)
    check_the_model_is_the_file(page, stage)
    check_ten_drags_keep_it_upright(page, stage)
    turned, centre = camera(page)
    show(page, "Surface", "surface")
    drawn = page.evaluate(PLOT_CAMERA)
    assert max(abs(drawn["eye"][axis] - turned[n]) for n, axis in enumerate("xyz")) < 1e-6
    assert max(abs(drawn["center"][axis] - centre[n]) for n, axis in enumerate("xyz")) < 1e-6
    assert drawn["up"]["y"] > 0


def check_a_lost_context(page, stage, drawn):
    """A still picture while the browser has no WebGL; then what was shown as it was, which still turns."""
    before, (eye, _) = pixels(stage), camera(page)
    page.evaluate(LOSE_WEBGL)
    expect(page.get_by_text("The browser lost its 3D graphics")).to_be_visible()
    expect(stage.locator(".mv-still")).to_have_attribute("alt", re.compile("^3D model"))
    page.evaluate("() => { HTMLCanvasElement.prototype.getContext = window.getContext; }")
    wait_for(page, drawn)
    expect(page.get_by_text("The browser lost its 3D graphics")).to_have_count(0)
    page.wait_for_timeout(1000)
    assert np.abs(camera(page)[0] - eye).max() < 1e-6
    assert np.abs(pixels(stage) - before).mean() < 1
    stage.press("ArrowRight")
    wait_for_eye(page, "gap > 0.1", eye)


def check_the_model_is_the_file(page, stage):
    """The stage shows the bytes that are downloaded, as the library renders them; clay has no colours."""
    glb = shown_glb(stage)
    with page.expect_download(timeout=SLOW_MS) as waiting:
        page.get_by_role("button", name="GLB").first.click()
    assert waiting.value.path().read_bytes() == glb
    stage.scroll_into_view_if_needed()
    expected, on_model = rendered(mesh_in(glb), stage.bounding_box()["height"])
    rows = np.flatnonzero(on_model.any(axis=1))
    face = on_model.copy()  # of the sample: between the hair and the chin
    face[: rows[0] + len(rows) * 18 // 100] = face[rows[0] + len(rows) * 48 // 100 :] = False
    seen = middle_of(front_view(page, stage), expected.shape)
    assert face.sum() > 3000 and np.ptp(seen[face], axis=-1).mean() > 20
    assert np.abs(seen - expected)[face].mean() < 6
    for colourful in (False, True):
        page.get_by_role("button", name="Clay").click()
        seen = middle_of(front_view(page, stage), expected.shape)
        assert (np.ptp(seen[face], axis=-1).mean() > 20) == colourful


def check_ten_drags_keep_it_upright(page, stage):
    """Neither the head nor the horizon tilts, however far and wherever it is dragged."""
    start, _ = camera(page)
    rng = np.random.default_rng(10)
    for across, down in rng.uniform(-300, 300, (10, 2)):
        drag(page, stage, across, down, steps=1)
        page.wait_for_timeout(50)
        height, horizon = stage.evaluate(UPRIGHT)
        assert height > 0 and horizon < 1e-6
    assert np.abs(camera(page)[0] - start).max() > 0.5


STREAMLITS_OWN = "stFileUploaderDropzone"
"""It has a role that conflicts with its focus (Streamlit 1.67)."""


def test_axe_finds_nothing(page, axe):
    page.get_by_role("button", name="Open").first.click()
    settle(page)
    open_popover(page, "Advice")
    page.evaluate(axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settle(page)
        found = page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        )
        ours = [
            (rule["id"], node["html"][:200])
            for rule in found
            for node in rule["nodes"]
            if STREAMLITS_OWN not in node["html"]
        ]
        assert ours == [], scheme


def test_before_and_after_of_a_completion_have_one_camera(visit):
    """Beside each other on a wide screen, one below the other on a phone; the buttons of one move both."""
    page = visit()
    model_on_stage(page)
    page.get_by_role("button", name="Complete", exact=True).click()
    wait_for(page, f"() => {STAGES}.length === 2 && {STAGES}.every((stage) => stage.viewer.scene?.glb)")
    settle(page)
    page.locator(".mv-bar:not([hidden])").get_by_role("button", name="Left").click()
    wait_for(page, f"() => {STAGES}.every((stage) => stage.viewer.camera().eye.x < -1)")
    left, right = (page.locator(".mv-stage").nth(number).bounding_box() for number in (0, 1))
    assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]
    page.set_viewport_size({"width": 390, "height": 844})
    wait_for(page, f"() => new Set({STAGES}.map((stage) => stage.getBoundingClientRect().x)).size === 1")
    expect(page.get_by_role("button", name="Keep")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".mv-stage")).to_have_count(1)
