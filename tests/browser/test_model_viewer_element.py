"""The GLB in `<model-viewer>`, the element of web pages that also shows models in the room (AR)."""

import io

import numpy as np
import pytest
from npm_file import npm_file
from PIL import Image

from face3d.export.glb import write_glb

ORIGIN = "http://shop.test"
PAGE = """<!doctype html><html lang="en"><title>A model</title><body style="margin:0">
<script type="module" src="model-viewer.min.js"></script>
<model-viewer src="head.glb" ios-src="head.usdz" ar ar-modes="webxr scene-viewer quick-look" camera-controls
    alt="A head" style="width: 400px; height: 400px; background: #fff"></model-viewer>"""
LOADED = "() => document.querySelector('model-viewer').loaded"
READ = """() => {
    const { x, y, z } = document.querySelector('model-viewer').getDimensions();
    const [material] = document.querySelector('model-viewer').model.materials;
    const { metallicFactor, baseColorTexture } = material.pbrMetallicRoughness;
    return { size: [x, y, z], metallicFactor, textured: baseColorTexture.texture !== null };
}"""


@pytest.fixture(scope="module")
def script(request):
    return npm_file(request.config.cache, "@google/model-viewer@4", "dist/model-viewer.min.js")


@pytest.mark.slow
def test_the_element_shows_the_model_in_its_true_size(chromium, script, metric_mesh):
    errors = []
    answers = {"/": ("text/html", PAGE), "/model-viewer.min.js": ("text/javascript", script)}
    answers["/head.glb"] = ("model/gltf-binary", write_glb(metric_mesh, "head"))

    def answer(route):
        kind, body = answers[route.request.url.removeprefix(ORIGIN)]
        route.fulfill(content_type=kind, body=body)

    with chromium.new_context(viewport={"width": 400, "height": 400}) as context:
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        context.route("**/*", answer)
        page.goto(f"{ORIGIN}/")
        page.wait_for_function(LOADED, timeout=120_000)
        page.wait_for_timeout(1500)
        read = page.evaluate(READ)
        seen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), float)
    metres = np.ptp(metric_mesh.vertices_n3, axis=0) / 1000
    assert read["size"] == pytest.approx(metres, rel=1e-3)
    assert read["textured"] and read["metallicFactor"] == 0
    assert (seen.min(axis=-1) < 200).mean() > 0.1
    assert errors == []
