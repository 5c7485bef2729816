"""The one-file viewer in a browser without a network: no request, no error, and dragging turns the model."""

import io

import numpy as np
import pytest
from PIL import Image

from face3d.export.html_viewer import write_viewer
from face3d.geometry.relief import make_relief
from face3d.geometry.scale import to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh

SCENE = "document.querySelector('.js-plotly-plot')?._fullLayout?.scene?._scene"
DRAWN = f"() => !!{SCENE}?.glplot"
EYE = f"() => {{ const {{ x, y, z }} = {SCENE}.getCamera().eye; return [x, y, z]; }}"

LOSE_CONTEXT = f"() => {SCENE}.glplot.gl.getExtension('WEBGL_lose_context').loseContext()"


@pytest.fixture(scope="module")
def viewer_file(tmp_path_factory):
    depth, photo, settings = head(), photo_of((96, 80)), ModelSettings(face_budget=3000, height_mm=240.0)
    relief = make_relief(depth, photo, settings)
    mesh, _ = to_metric_scale(build_mesh(relief, "bust"), relief)
    path = tmp_path_factory.mktemp("viewer") / "head.html"
    path.write_bytes(write_viewer(mesh, "A <head> & shoulders"))
    return path


def picture(page):
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(float)


def test_it_opens_offline_makes_no_request_and_turns(viewer_file, chromium):
    requests, errors = [], []
    with chromium.new_context(viewport={"width": 640, "height": 480}, offline=True) as context:
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(viewer_file.as_uri())
        page.wait_for_function(DRAWN, timeout=60_000)
        page.wait_for_timeout(1500)
        assert page.title() == "A <head> & shoulders"
        before, eye = picture(page), page.evaluate(EYE)
        assert before[100:380, 170:470].std() > 15  # something is drawn in the middle
        page.mouse.move(320, 240)
        page.mouse.down()
        page.mouse.move(460, 250, steps=8)
        page.mouse.up()
        page.wait_for_timeout(800)
        after = picture(page)
        assert np.abs(np.subtract(page.evaluate(EYE), eye)).max() > 0.2
        assert (np.abs(after - before).max(axis=-1) > 20).mean() > 0.05
        eye = page.evaluate(EYE)
        page.evaluate(LOSE_CONTEXT)
        page.get_by_text("The browser lost its 3D graphics").wait_for()
        page.wait_for_function(DRAWN, timeout=60_000)
        page.wait_for_timeout(800)
        assert np.abs(np.subtract(page.evaluate(EYE), eye)).max() < 1e-6
        assert np.abs(picture(page) - after).mean() < 1
    inside = viewer_file.as_uri(), "data:", "blob:"
    assert [url for url in requests if not url.startswith(inside)] == []
    assert errors == []
