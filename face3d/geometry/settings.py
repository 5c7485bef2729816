"""What the user chooses about a model, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass

from face3d.errors import GeometryError
from face3d.geometry.bend import BENDS

BASES = "auto", "square", "round"
"""A block of that shape; auto: a square one where the bust would not stand without it."""


@dataclass(frozen=True)
class ModelSettings:
    """Everything the user chooses about the model.

    smoothing_px: standard deviation of the Gaussian, pixels of the depth map; 0 for none.
    edge_aware: do not smooth across depth edges (bilateral).
    foreground_only: keep the person, not the background.
    edge_tolerance: relative jump in distance at which a surface is cut; 0 for never.
    perspective: true perspective from the field of view; False for parallel rays.
    fov_degrees: horizontal field of view; None takes the photo's, else `DEFAULT_FOV_DEGREES`.
    near_far_ratio: farthest over nearest distance, for networks that leave it open (RELATIVE_INVERSE).
    remove_outliers: drop points far from their neighbours (see `outliers`). outlier_ratio: standard
    deviations beyond the mean.
    point_budget: largest number of points. face_budget: largest number of triangles. grid_side: largest side
    of `grid`, points.
    grey: colours from the depth (near = light) instead of from the photo.
    texture_side: largest side of the texture's photo, pixels.
    base: what a bust stands on, one of `BASES`.
    plaque_border: margin of a plaque or lithophane, share of the picture's width.
    plaque_depth_mm: from the plate of a plaque to the highest point of its relief. plaque_base_mm: thickness
    of that plate. plaque_frame_mm: height of the frame above it, 0 for none.
    lithophane_thin_mm, lithophane_thick_mm: thickness where the photo is white, and where it is black.
    lithophane_gamma: above 1 the middle tones are thicker, so darker; below 1 thinner.
    lithophane_shape: one of `bend.BENDS`: flat, curved, or a cylinder. lithophane_frame_mm: width of its
    frame, 0 for none; None for `plaque_border`.
    face: number of the face whose person is modelled; 1 covers most of the picture.
    wall_mm: least thickness of the walls of a bust that is hollow, None for a solid one. drain_mm: diameter
    of the hole in its floor.
    height_mm: height of the finished model, or None to measure the eyes (see `scale`). longest_mm: longest
    side of the finished model, in place of its height.
    """

    smoothing_px: float = 1.0
    edge_aware: bool = False
    foreground_only: bool = True
    edge_tolerance: float = 0.04
    perspective: bool = True
    fov_degrees: float | None = None
    near_far_ratio: float = 2.0
    remove_outliers: bool = True
    outlier_ratio: float = 2.0
    point_budget: int = 100_000
    face_budget: int = 60_000
    grid_side: int = 256
    grey: bool = False
    texture_side: int = 2048
    base: str = "auto"
    plaque_border: float = 0.06
    plaque_depth_mm: float = 12.0
    plaque_base_mm: float = 3.0
    plaque_frame_mm: float = 4.0
    lithophane_thin_mm: float = 0.8
    lithophane_thick_mm: float = 3.2
    lithophane_gamma: float = 1.0
    lithophane_shape: str = "flat"
    lithophane_frame_mm: float | None = None
    face: int = 1
    wall_mm: float | None = None
    drain_mm: float = 4.0
    height_mm: float | None = None
    longest_mm: float | None = None

    def __post_init__(self) -> None:
        """Raises GeometryError for a value out of its range, with the range."""
        for name, title, low, high in SETTING_RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise GeometryError(f"{title} must be {low:,} to {high:,}, not {value:,g}.")
        if self.base not in BASES:
            raise GeometryError(f"There is no base named {self.base!r}. Choose one of {', '.join(BASES)}.")
        if self.lithophane_shape not in BENDS:
            raise GeometryError(
                f"There is no lithophane of the shape {self.lithophane_shape!r}. "
                f"Choose one of {', '.join(BENDS)}."
            )
        if not self.lithophane_thin_mm < self.lithophane_thick_mm:
            raise GeometryError(
                f"The lithophane is {self.lithophane_thin_mm:g} mm thick where it is thinnest: "
                "choose more than that for its largest thickness."
            )


SETTING_RANGES = (
    ("smoothing_px", "The smoothing in pixels", 0, 100),
    ("edge_tolerance", "The edge tolerance", 0, 10),
    ("fov_degrees", "The field of view in degrees", 1, 179),
    ("near_far_ratio", "The ratio of the farthest distance to the nearest", 1.01, 100),
    ("outlier_ratio", "The outlier ratio", 0.1, 100),
    ("point_budget", "The largest number of points", 1, 50_000_000),
    ("face_budget", "The largest number of triangles", 100, 5_000_000),
    ("grid_side", "The number of points along the figure's grid", 2, 4096),
    ("texture_side", "The side of the texture in pixels", 16, 8192),
    ("plaque_border", "The border of a plaque in widths of the picture", 0, 1),
    ("plaque_depth_mm", "The depth of the plaque's relief in millimetres", 0.2, 500),
    ("plaque_base_mm", "The thickness of the plaque's plate in millimetres", 0.4, 500),
    ("plaque_frame_mm", "The height of the plaque's frame in millimetres", 0, 500),
    ("lithophane_thin_mm", "The least thickness of the lithophane in millimetres", 0.2, 20),
    ("lithophane_thick_mm", "The largest thickness of the lithophane in millimetres", 0.2, 20),
    ("lithophane_frame_mm", "The width of the lithophane's frame in millimetres", 0, 100),
    ("lithophane_gamma", "The gamma of the lithophane", 0.1, 10),
    ("face", "The number of the face", 1, 255),
    ("wall_mm", "The thickness of the walls of a hollow model in millimetres", 0.4, 100),
    ("drain_mm", "The diameter of the drain hole in millimetres", 0.5, 100),
    ("height_mm", "The height in millimetres", 1, 10_000),
    ("longest_mm", "The longest side in millimetres", 1, 10_000),
)
"""Field, what the page and the command line call it, least and largest value."""
