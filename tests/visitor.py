"""What a visitor does in a browser and what the page shows there. Each function waits for its result."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import TimeoutError, expect
from sample_files import jpeg
from skimage.data import astronaut

SLOW_MS = 120_000
expect.set_options(timeout=SLOW_MS)
LOOK_EVERY_MS = 100
TRIES = 12

SCENE = "() => document.querySelector('.mv-plot')?._fullLayout?.scene?._scene?.glplot"
PLOT_CAMERA = "() => document.querySelector('.mv-plot')._fullLayout.scene._scene.getCamera()"
MODEL_ON_STAGE = "() => document.querySelector('.mv-canvas canvas')?.closest('.mv-stage').viewer.scene?.glb"
STAGES = "[...document.querySelectorAll('.mv-stage')]"
CAMERA = "() => document.querySelector('.mv-stage').viewer.camera()"


NEW_TO_THE_SERVER = jpeg(astronaut()[:-8])  # for one test alone: the server remembers the depth of the others


def wait_for(page, condition, arg=None):
    """Wait until a JavaScript condition holds. Playwright looks at each frame, which Chromium then draws."""
    page.wait_for_function(condition, arg=arg, timeout=SLOW_MS, polling=LOOK_EVERY_MS)


def settle(page):
    """Wait until the script of the page has ended."""
    page.wait_for_timeout(400)
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_have_count(1)
    page.wait_for_timeout(300)


def send_file(page, name, data):
    """Choose a file; do not wait for the result."""
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )


def upload(page, name, data):
    """Choose a file; wait for the photo and its faces."""
    send_file(page, name, data)
    expect(page.get_by_text(f"{name} · ")).to_contain_text("found")
    settle(page)


def press_depth(page):
    page.get_by_role("button", name="Generate depth map").click()


def generate_depth(page):
    press_depth(page)
    expect(page.locator(".pv-frame").first).to_be_visible(timeout=SLOW_MS)
    settle(page)


def generate_model(page):
    page.get_by_role("button", name="Generate 3D model").click()
    wait_for(page, SCENE)
    settle(page)


def model_on_stage(page):
    """Make the model of the bundled sample and scroll to it. Returns the stage of the viewer."""
    generate_depth(page)
    generate_model(page)
    expect(page.get_by_text("Ready to print")).to_be_visible(timeout=SLOW_MS)
    settle(page)
    stage = page.locator(".mv-stage")
    stage.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    return stage


def choose(page, picker, option):
    """Choose an option of a picker. Open its list again where it closes too early, as when the page moves."""
    wanted = page.get_by_role("option", name=option)
    for _ in range(TRIES):
        try:
            page.get_by_role("combobox", name=picker).click(timeout=SLOW_MS / TRIES)
            wanted.click(timeout=SLOW_MS / TRIES)
            return
        except TimeoutError:
            page.keyboard.press("Escape")
    raise AssertionError(f"The list of {picker} never showed {option}.")


def open_popover(page, name):
    """Press the button of a popover; wait for what it holds."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    page.wait_for_timeout(300)


def close_popover(page):
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def show(page, name, kind):
    """Show points or surface; wait until Plotly draws that kind of trace."""
    page.get_by_role("radio", name=name).click()
    wait_for(page, "(kind) => document.querySelector('.mv-plot')?.data?.[0].type === kind", arg=kind)
    settle(page)


def show_model(page):
    """Show the model of the files; wait until its file is on the stage."""
    page.get_by_role("radio", name="Model").click()
    wait_for(page, MODEL_ON_STAGE)
    settle(page)


def pixels(locator):
    """(h, w) float64: grey values of a screenshot."""
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("L"), np.float64)


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, locator, across, down=0, button="left", steps=4):
    """Each step is a picture that Chromium draws without a graphics card."""
    x, y = middle(locator)
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + across / 2, y + down / 2, steps=steps)
    page.mouse.move(x + across, y + down, steps=steps)
    page.mouse.up(button=button)


def camera(page):
    """The current camera: (3,) eye and (3,) centre."""
    seen = page.evaluate(CAMERA)
    return tuple(np.array([seen[part][axis] for axis in "xyz"]) for part in ("eye", "center"))


def wait_for_eye(page, law, was=None):
    """Wait until a JavaScript condition of `eye`, `center`, their distance `reach` and `was` holds.

    was: an earlier eye (3,).
    """
    condition = f"""(was) => {{
        const {{ viewer, viewer: {{ plot }} }} = document.querySelector('.mv-stage');
        const {{ eye, center }} = viewer.scene ? viewer.camera() : plot._fullLayout.scene._scene.getCamera();
        const size = ({{ x, y, z }}) => Math.hypot(x, y, z);
        const reach = Math.hypot(eye.x - center.x, eye.y - center.y, eye.z - center.z);
        const gap = was && Math.hypot(eye.x - was[0], eye.y - was[1], eye.z - was[2]);
        return {law};
    }}"""
    wait_for(page, condition, arg=None if was is None else [float(value) for value in was])
