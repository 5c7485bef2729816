"""The picture at the top of the README: a portrait, its depth map, and the model turned.

    python -m training.release.overview --photo assets/samples/eileen_collins.jpg
        --out assets/pictures/overview.png

It uses the network that ships.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import depth_estimation
import generate_3d_model
from face3d.export import views
from face3d.photo import read_photo

SIDE = 420


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description="Make the README's picture.")
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    photo = read_photo(options.photo.read_bytes(), options.photo.name)
    depth = depth_estimation.predict(depth_estimation.load_network("face"), photo)
    mesh = generate_3d_model.generate_model(depth, photo, "bust").mesh
    panels = [Image.fromarray(photo.rgb_hwc), Image.fromarray(depth.as_grey()).convert("RGB")]
    panels += [
        Image.fromarray(views.render(mesh, views.View(size_px=SIDE, yaw_degrees=angle)))
        for angle in (-35.0, 40.0, 150.0)
    ]
    sheet = Image.new("RGB", (SIDE * len(panels), SIDE), "white")
    for number, panel in enumerate(panels):
        sheet.paste(panel.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (number * SIDE, 0))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(options.out)
    depth_range = np.ptp(depth.values_hw[depth.mask_hw])
    print(f"{options.out}: {sheet.width} x {sheet.height}, depth range {depth_range:.2f} image widths")


if __name__ == "__main__":
    main()
