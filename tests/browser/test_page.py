"""The page in a real browser, from upload to each download."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
expect.set_options(timeout=30_000)

EYE = "() => document.querySelector('.mv-plot')._fullLayout.scene._scene.getCamera().eye"
PROPORTIONS = """() => {
    const scene = document.querySelector('.mv-plot')._fullLayout.scene, ratio = scene.aspectratio;
    return ['x', 'y', 'z'].map((axis) => ratio[axis] / (scene[axis + 'axis'].range[1] - scene[axis + 'axis'].range[0]));
}"""
SCENE = "() => document.querySelector('.mv-plot')?._fullLayout?.scene?._scene?.glplot"


def jpeg(rgb_hwc):
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb_hwc)).save(buffer, "JPEG")
    return buffer.getvalue()


ASTRONAUT = jpeg(astronaut())
MIRRORED = jpeg(astronaut()[:, ::-1])


def settle(page):
    page.wait_for_timeout(400)
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=60_000)
    page.wait_for_timeout(300)


def upload(page, name, data):
    page.locator("input[type=file]").first.set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})
    page.get_by_text(f"{name} · ").wait_for()  # the line under the preview, so the page has taken it
    settle(page)


def generate_depth(page):
    page.get_by_role("button", name="Generate depth map").click()
    page.locator(".pv-frame").first.wait_for()
    settle(page)


def generate_model(page):
    page.get_by_role("button", name="Generate 3D model").click()
    page.wait_for_function(SCENE, timeout=90_000)
    settle(page)


def pixels(locator):
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("L"), np.float64)


def drag(page, locator, across, down=0):
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2, steps=4)
    page.mouse.move(x + across, y + down, steps=4)
    page.mouse.up()
    page.wait_for_timeout(600)


def distance(first, second):
    return sum((first[axis] - second[axis]) ** 2 for axis in "xyz") ** 0.5


def test_from_upload_to_a_model_that_turns_keeps_its_camera_and_can_be_downloaded(visit):
    page = visit()
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate_depth(page)
    generate_model(page)
    stage = page.locator(".mv-stage")
    stage.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    before, eye = pixels(stage), page.evaluate(EYE)
    assert before.std() > 5
    drag(page, stage, 160, 30)
    turned_eye = page.evaluate(EYE)
    assert distance(eye, turned_eye) > 0.2
    assert (np.abs(pixels(stage) - before) > 8).mean() > 0.05

    page.get_by_role("slider", name="Smoothing, pixels").press("ArrowRight")
    settle(page)
    assert distance(page.evaluate(EYE), turned_eye) < 1e-6
    page.get_by_role("radio", name="Points").click()
    settle(page)
    page.wait_for_function("() => document.querySelector('.mv-plot').data[0].type === 'scatter3d'")
    assert distance(page.evaluate(EYE), turned_eye) < 1e-6

    for name, camera in (("Front", (0, 0, 1)), ("Left", (-1, 0, 0)), ("Top", (0, 1, 0))):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_timeout(300)
        seen = page.evaluate(EYE)
        assert [round(seen[axis] / 1.9, 3) for axis in "xyz"] == list(camera)

    page.get_by_role("radio", name="Surface").click()
    page.wait_for_function("() => document.querySelector('.mv-plot').data[0].type === 'surface'")
    settle(page)
    page.get_by_role("button", name="Write the files again").click()
    page.get_by_text("Out of date").wait_for(state="hidden", timeout=60_000)
    page.get_by_text("and measuring it").wait_for(state="hidden", timeout=60_000)
    page.get_by_text("Ready to print").wait_for(timeout=60_000)
    settle(page)
    starts = {
        "PNG, 8-bit": b"\x89PNG",
        "PNG, 16-bit": b"\x89PNG",
        "NPY": b"\x93NUMPY",
        "GLB": b"glTF",
        "STL": b"",
        "PLY ·": b"ply",
        "OBJ": b"PK",
        "3MF": b"PK",
        "XYZ": b"",
        "Points, PLY": b"ply",
        "Viewer": b"<!doctype html",
        "Certificate ·": b"{",
    }
    for label, start in starts.items():
        button = page.locator(".stDownloadButton button").filter(has_text=label).first
        button.scroll_into_view_if_needed()
        with page.expect_download() as waiting:
            button.click()
        data = waiting.value.path().read_bytes()
        assert len(data) > 200 and data.lstrip().startswith(start), label


def test_every_view_has_true_proportions(visit):
    """A unit of length is as long on the screen along each axis."""
    page = visit()
    generate_depth(page)
    generate_model(page)
    for shown, kind in (("Surface", "surface"), ("Points", "scatter3d"), ("Model", "mesh3d")):
        page.get_by_role("radio", name=shown).click()
        page.wait_for_function(f"() => document.querySelector('.mv-plot').data[0].type === '{kind}'")
        settle(page)
        x, y, z = page.evaluate(PROPORTIONS)
        assert y == pytest.approx(x, rel=1e-4) and z == pytest.approx(x, rel=1e-4), shown


def test_another_photo_leaves_nothing_of_the_first(visit):
    page = visit()
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate_depth(page)
    upload(page, "mirrored.jpg", MIRRORED)
    expect(page.locator(".pv-frame")).to_have_count(0)
    expect(page.locator(".mv-stage")).to_have_count(0)
    expect(page.get_by_role("button", name="Generate 3D model")).to_be_disabled()


def test_the_slider_and_the_value_under_the_pointer(visit):
    page = visit()
    generate_depth(page)
    frame, value = page.locator(".pv-frame"), page.locator(".pv-value")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "image widths towards you" in value.inner_text()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    assert "background" in value.inner_text()
    page.locator(".pv-split").press("ArrowRight")
    assert page.evaluate("() => document.querySelector('.pv').style.getPropertyValue('--split')") == "51%"


def test_a_bad_file_is_said_to_be_bad_and_a_good_one_follows(visit):
    page = visit()
    page.locator("input[type=file]").first.set_input_files({"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear Sir"})
    page.get_by_text("letter.jpg is not a photo").wait_for()
    settle(page)
    expect(page.get_by_role("button", name="Generate depth map")).to_be_disabled()
    upload(page, "astronaut.jpg", ASTRONAUT)
    expect(page.get_by_role("button", name="Generate depth map")).to_be_enabled()


def test_two_visitors_see_only_their_own_photo(visit):
    first, second = visit(), visit()
    upload(first, "astronaut.jpg", ASTRONAUT)
    upload(second, "mirrored.jpg", MIRRORED)
    generate_depth(first)
    generate_depth(second)
    photos = [page.locator(".pv-photo").get_attribute("src") for page in (first, second)]
    assert photos[0] != photos[1]
    assert first.get_by_text("mirrored.jpg").count() == 0 and second.get_by_text("astronaut.jpg").count() == 0


def test_without_webgl_a_still_picture_stands_in(visit):
    no_webgl = """const real = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind.startsWith('webgl') ? null : real.call(this, kind, ...rest);
        };"""
    page = visit(before=no_webgl)
    generate_depth(page)
    page.get_by_role("button", name="Generate 3D model").click()
    still = page.locator(".mv-still")
    still.wait_for(timeout=60_000)
    assert still.get_attribute("alt").startswith("3D model") and page.get_by_text("WebGL is off").is_visible()


def test_the_page_fits_a_phone(visit):
    page = visit(width=390, height=844)
    generate_depth(page)
    generate_model(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    for locator in (page.locator(".mv-stage"), page.locator(".pv-frame")):
        box = locator.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The text of axe-core, from npm."""
    if shutil.which("npm") is None:
        pytest.skip("no npm here, so axe-core cannot be had")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
    if subprocess.run(command, capture_output=True, timeout=90).returncode:
        pytest.skip("npm could not fetch axe-core")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(visit, axe, scheme):
    page = visit(scheme=scheme)
    generate_depth(page)
    generate_model(page)
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    serious = [(rule["id"], node["html"][:200]) for rule in found if rule["impact"] in ("serious", "critical") for node in rule["nodes"]]
    assert serious == []
