"""A PNG has here the colours that it has in Chromium."""

import base64

import numpy as np
from odd_files import DECLARED

from face3d.photo import read_photo

PIXELS = """async (files) => Promise.all(files.map(async (file) => {
    const image = new Image();
    image.src = "data:image/png;base64," + file;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return btoa(String.fromCharCode(...context.getImageData(0, 0, canvas.width, canvas.height).data));
}))"""


def test_declared_colours_are_those_of_the_browser(chromium):
    with chromium.new_context() as context:
        page = context.new_page()
        drawn = page.evaluate(PIXELS, [base64.b64encode(data).decode() for data in DECLARED.values()])
    for kind, pixels in zip(DECLARED, drawn, strict=True):
        ours_hwc = read_photo(DECLARED[kind], "a").rgb_hwc.astype(int)
        theirs_hwc = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(*ours_hwc.shape[:2], 4)[
            ..., :3
        ]
        difference_hwc = np.abs(ours_hwc - theirs_hwc)
        assert difference_hwc.max() <= 1 and difference_hwc.mean() < 0.1, kind
