"""From a depth map to a model: points, a grid for plotting, and meshes. Neither torch nor Streamlit.

The way is the same for all: masks, smoothing, unprojection (`relief`, `camera`), then what the kind asks for (`surfaces`, `texture`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

import relief
from camera import DEFAULT_FOV_DEGREES, Camera, choose_fov, project, unproject
from errors import GeometryError
from hidden_side import complete_back, complete_front, meet_at_the_rim, steady_outline, wells
from model_settings import ModelSettings
from outline import smooth_rim
from points import bend, normals_of_grid, outliers, spread
from poisson import poisson_surface
from stages import Array, DepthMap, Mesh, Photo, PointCloud, Sense
from surfaces import Solid, close_cells, cut_flat, decimate, drop_unused, is_closed, solid_cells, triangulate, weld
from texture import atlas, picture_uv, split_at_seam

__all__ = [
    "DEFAULT_FOV_DEGREES",
    "KINDS",
    "Grid",
    "ModelSettings",
    "build_mesh",
    "grid",
    "model_camera",
    "point_cloud",
    "project",
    "settings_of",
    "smoothing_change",
    "surface_mesh",
    "unproject",
]

GRID_SHARES = (4.0, 2.0, 0.9, 0.4)
"""Triangles of the working grid over the face budget. Decimation keeps triangles where the surface bends; should it ever tear a solid, the
next share is tried."""
EVEN_SHARES = (0.9, 0.8, 0.7, 0.55, 0.4)
"""The same without decimation: walls and foot come on top of the two layers, so small budgets take a smaller share."""
UNSURE_FACTOR = 3.0
"""The hidden layer is not trusted where the expected error is this many times its median over the foreground."""
FOOT_SHARE = 0.02
"""Height of a bust's foot below its lowest point, share of its height."""
LEAST_THICKNESS = 0.004
"""Least distance from front to back of a bust, image widths."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Points on a grid over the picture, for a surface plot: x, y, z (h, w) float32 with NaN outside mask_hw.

    The grid is even but for a rim, where there is one: its points lie on the mask's smoothed outline.
    """

    x_hw: Array
    y_hw: Array
    z_hw: Array
    mask_hw: Array
    unit: str


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A depth map after masks and smoothing. subject_hw: pixels of the person; known_hw: those away from depth
    edges; sure_hw: pixels at which the hidden layer may be trusted; chin_share: height of the lowest head's lower end, 0 (top) to 1;
    exact: the map states no uncertainty, so its hidden side is no estimate."""

    front_hw: Array
    back_hw: Array | None
    known_hw: Array
    sure_hw: Array
    subject_hw: Array
    camera: Camera
    chin_share: float
    exact: bool


def settings_of(kind: str, settings: ModelSettings) -> ModelSettings:
    """The settings as one of `KINDS` takes them: a plaque is raised by parallel rays. For all that is measured on or laid over a model.

    Raises: GeometryError for an unknown kind.
    """
    if kind not in KINDS:
        raise GeometryError(f"There is no kind of model named {kind!r}. Choose one of {', '.join(KINDS)}.")
    return replace(settings, perspective=settings.perspective and not KINDS[kind].plaque)


def model_camera(depth: DepthMap, photo: Photo, kind: str, settings: ModelSettings) -> Camera:
    """The camera of one of `KINDS`: in its frame `project` gives back the photo's pixels."""
    return _camera(depth, photo, settings_of(kind, settings))


def _camera(depth: DepthMap, photo: Photo, settings: ModelSettings) -> Camera:
    mask_hw = relief.valid_pixels(depth, settings.foreground_only)
    if depth.sense is Sense.RELIEF and not settings.perspective:
        fov = DEFAULT_FOV_DEGREES  # parallel rays have none; the distance serves as the measure of depth edges only
    else:
        fov = choose_fov(photo.fov_degrees, settings.fov_degrees, relief.nearest_relief(depth, mask_hw))
    distance = relief.camera_distance(fov)
    return Camera(depth.size_hw, distance, settings.perspective, relief.metres_per_width(depth, distance) or 1.0)


def _unit(depth: DepthMap) -> str:
    return "m" if depth.sense is Sense.METRIC else "image width"


def _prepare(depth: DepthMap, photo: Photo, settings: ModelSettings) -> _Prepared:
    """Masks first (foreground, finite values, depth edges), then smoothing within them. Raises: GeometryError when no pixel is left."""
    if depth.size_hw != photo.size_hw:
        raise GeometryError(
            f"The depth map has {depth.size_hw} pixels and the photo {photo.size_hw}. Compute the depth map from this photo."
        )
    camera = _camera(depth, photo, settings)
    subject_hw = relief.valid_pixels(depth, settings.foreground_only)
    front_hw, back_hw = relief.to_relief(depth, subject_hw, camera.distance, settings.near_far_ratio)
    known_hw = subject_hw & ~relief.depth_edges(front_hw, subject_hw, camera.distance, settings.edge_tolerance)
    if not known_hw.any():
        raise GeometryError("Every pixel lies beside a jump in depth. Raise the edge tolerance or set it to 0.")
    range_sigma = 0.5 * (settings.edge_tolerance or 0.04) * camera.distance

    def smoothed(layer_hw: Array, mask_hw: Array) -> Array:
        if settings.edge_aware:
            return relief.smooth_within_edges(layer_hw, mask_hw, settings.smoothing_px, range_sigma)
        return relief.smooth(layer_hw, mask_hw, settings.smoothing_px)

    back_hw = None if back_hw is None else smoothed(back_hw, subject_hw)
    chin_share = max((face.box_xyxy[3] for face in depth.faces), default=0.0) / depth.size_hw[0]
    front_hw, sure_hw, exact = smoothed(front_hw, known_hw), _sure(depth, subject_hw), depth.uncertainty_hw is None
    return _Prepared(front_hw, back_hw, known_hw, sure_hw, subject_hw, camera, chin_share, exact)


def prepared_relief(depth: DepthMap, photo: Photo, settings: ModelSettings) -> tuple[Array, Array, Camera]:
    """The front relief that all models are made of (h, w) float32, the pixels where it is known (h, w) bool, and the camera."""
    prepared = _prepare(depth, photo, settings)
    return prepared.front_hw, prepared.known_hw, prepared.camera


def _sure(depth: DepthMap, subject_hw: Array) -> Array:
    """(h, w) bool: where the expected error is below `UNSURE_FACTOR` times its median; everywhere for a network that states none."""
    if depth.uncertainty_hw is None:
        return subject_hw
    return subject_hw & (depth.uncertainty_hw <= UNSURE_FACTOR * np.median(depth.uncertainty_hw[depth.mask_hw]))


def smoothing_change(depth: DepthMap, photo: Photo, settings: ModelSettings) -> float:
    """What smoothing costs: RMS change of the front relief, image widths (metres for METRIC).

    Over the largest face (its head's box), where the detail is that one would miss; over the whole model where there is no face.
    """
    before, after = (_prepare(depth, photo, chosen) for chosen in (replace(settings, smoothing_px=0.0), settings))
    over_hw = after.known_hw & _face_box(depth)
    over_hw = over_hw if over_hw.any() else after.known_hw
    change = (after.front_hw - before.front_hw)[over_hw].astype(np.float64)
    return float(np.sqrt(np.mean(change**2))) * after.camera.unit_per_width


def _face_box(depth: DepthMap) -> Array:
    """(h, w) bool: pixels in the box of the largest face; none where there is no face."""
    box_hw = np.zeros(depth.size_hw, bool)
    for face in depth.faces[:1]:
        left, top, right, bottom = (max(0, round(edge)) for edge in face.box_xyxy)
        box_hw[top:bottom, left:right] = True
    return box_hw


def _picture(depth: DepthMap, photo: Photo, settings: ModelSettings) -> Array:
    """(h, w, 3) uint8: the photo, or the depth as grey."""
    return np.repeat(depth.as_grey()[..., None], 3, axis=-1) if settings.grey else photo.rgb_hwc


def _texture(depth: DepthMap, photo: Photo, settings: ModelSettings, closed: bool, margin_px: int | None) -> Array:
    """See `texture.atlas`. A background that is kept keeps its colours."""
    if not settings.foreground_only:
        depth = replace(depth, matte_hw=None, mask_hw=relief.valid_pixels(depth, foreground_only=False))
    return atlas(_picture(depth, photo, settings), depth, settings.texture_side, closed, margin_px)


def _pixel_points(front_hw: Array, camera: Camera) -> Array:
    """(h, w, 3) float32: unprojected centres of the cells of a grid laid over the whole picture."""
    places_2hw = np.indices(front_hw.shape, dtype=np.float64)
    return _grid_points(places_2hw[0], places_2hw[1], front_hw, camera)


def _grid_points(rows_hw: Array, columns_hw: Array, front_hw: Array, camera: Camera) -> Array:
    """(h, w, 3) float32: unprojected points of a grid laid over the whole picture, whose places are given in cells."""
    (height, width), (grid_height, grid_width) = camera.size_hw, front_hw.shape
    return unproject((columns_hw + 0.5) * width / grid_width, (rows_hw + 0.5) * height / grid_height, front_hw, camera)


def _grid_size(size_hw: tuple[int, int], scale: float) -> tuple[int, int]:
    """Rows and columns of a working grid: the picture's times `scale`, at most the picture's, at least 2 where the picture has them."""
    height, width = (max(min(2, side), min(side, round(side * scale))) for side in size_hw)
    return height, width


def grid(depth: DepthMap, photo: Photo, settings: ModelSettings, *, rim: bool = True) -> Grid:
    """The front surface on a grid of at most `grid_side` points a side, even or with a smooth rim (see `outline`).

    Raises: GeometryError when no pixel is left.
    """
    prepared = _prepare(depth, photo, settings)
    size_hw = _grid_size(depth.size_hw, settings.grid_side / max(depth.size_hw))
    front_hw, mask_hw = relief.resample(prepared.front_hw, prepared.known_hw, size_hw)
    points_hw3 = _pixel_points(front_hw, prepared.camera)
    if rim and mask_hw.any():
        nearest = prepared.camera.distance - float(front_hw[mask_hw].max())
        rows_hw, columns_hw, front_hw, mask_hw = smooth_rim(front_hw, mask_hw, settings.edge_tolerance * nearest or np.inf)
        points_hw3 = _grid_points(rows_hw, columns_hw, front_hw, prepared.camera)
    points_hw3[~mask_hw] = np.nan
    x_hw, y_hw, z_hw = np.moveaxis(points_hw3, -1, 0)
    return Grid(x_hw, y_hw, z_hw, mask_hw, _unit(depth))


def _triangles(mask_hw: Array) -> tuple[Array, Array]:
    """Indices of the grid's points that triangles use, and the triangles over these. Raises: GeometryError where there is none."""
    used, faces_m3 = drop_unused(triangulate(mask_hw), mask_hw.size)
    if not len(faces_m3):
        raise GeometryError("No four neighbouring pixels are left after masking. Raise the edge tolerance or keep the background.")
    return used, faces_m3


def surface_mesh(depth: DepthMap, photo: Photo, settings: ModelSettings) -> Mesh:
    """A finer `grid`, rim and all, as a textured mesh of at most about `face_budget` triangles: for looking at. Raises as `grid`."""
    pixels = int(relief.valid_pixels(depth, settings.foreground_only).sum())
    scale = min(1.0, float(np.sqrt(GRID_SHARES[0] * settings.face_budget / (2 * pixels))))
    plane = grid(depth, photo, replace(settings, grid_side=max(2, round(scale * max(depth.size_hw)))))
    used, faces_m3 = _triangles(plane.mask_hw)
    points_n3 = np.stack([plane.x_hw, plane.y_hw, plane.z_hw], -1).reshape(-1, 3)[used]
    points_n3, faces_m3 = decimate(points_n3, faces_m3, settings.face_budget, closed=False)
    texture = _texture(depth, photo, settings, False, None)
    return Mesh(points_n3, faces_m3, picture_uv(points_n3, _camera(depth, photo, settings), 0).astype(np.float32), texture, unit=plane.unit)


def point_cloud(depth: DepthMap, photo: Photo, settings: ModelSettings) -> PointCloud:
    """Points of the front surface with colours and normals, at most `point_budget`.

    Over budget, points are taken in proportion to how much the surface bends there, so that edges of nose, eyes and mouth keep theirs.
    Raises: GeometryError when no pixel is left.
    """
    prepared = _prepare(depth, photo, settings)
    points_hw3 = _pixel_points(prepared.front_hw, prepared.camera)
    normals_hw3 = normals_of_grid(points_hw3, prepared.known_hw)
    kept = np.flatnonzero(prepared.known_hw)
    if len(kept) > settings.point_budget:
        kept = kept[spread(bend(normals_hw3).ravel()[kept], settings.point_budget)]
    points_n3 = points_hw3.reshape(-1, 3)[kept]
    if settings.remove_outliers:
        inliers = ~outliers(points_n3, settings.outlier_ratio)
        kept, points_n3 = kept[inliers], points_n3[inliers]
    colours_n3 = _picture(depth, photo, settings).reshape(-1, 3)[kept]
    return PointCloud(points_n3, colours_n3, normals_hw3.reshape(-1, 3)[kept], _unit(depth))


@dataclass(frozen=True)
class Kind:
    """One kind of mesh. build: prepared depth, settings and triangles wanted before decimation -> vertices (n, 3), triangles (m, 3).

    closed: watertight by construction, with a hidden side. plaque: raised from a rectangle, by parallel rays whatever the settings say.
    even: built on an even grid, of about as many triangles as are wanted.
    """

    build: Callable[[_Prepared, ModelSettings, float], tuple[Array, Array]]
    closed: bool
    summary: str
    plaque: bool = False
    even: bool = True


def _working_size(prepared: _Prepared, sides: int, triangles: float) -> tuple[int, int]:
    """Rows and columns of the working grid on which `sides` layers over the subject have about this many triangles."""
    at_full_size = 2 * sides * int(prepared.subject_hw.sum())
    return _grid_size(prepared.subject_hw.shape, min(1.0, float(np.sqrt(triangles / at_full_size))))


def _shell(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """What the camera saw, open at its edges."""
    front_hw, mask_hw = relief.resample(prepared.front_hw, prepared.known_hw, _working_size(prepared, 1, triangles))
    used, faces_m3 = _triangles(mask_hw)
    return _pixel_points(front_hw, prepared.camera).reshape(-1, 3)[used], faces_m3


def _place(solid: Solid, grid_hw: tuple[int, int], camera: Camera) -> tuple[Array, Array]:
    """Vertices of a solid in space. Its foot goes straight down to a floor, `FOOT_SHARE` of the height below the lowest point."""
    (height, width), (grid_height, grid_width) = camera.size_hw, grid_hw
    columns, rows, relief_n = solid.positions_n3.T
    vertices_n3 = unproject(columns * width / grid_width, rows * height / grid_height, relief_n, camera)
    low, high = vertices_n3[:, 1].min(), vertices_n3[:, 1].max()
    vertices_n3[solid.foot_n, 1] = low - FOOT_SHARE * (high - low)
    return vertices_n3, solid.faces_m3


def _bust(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """Front and hidden side joined along the silhouette, cut flat below."""
    size_hw = _working_size(prepared, 2, triangles)
    front_hw, known_hw = relief.resample(prepared.front_hw, prepared.known_hw, size_hw)
    sure_hw = relief.resample(prepared.front_hw, prepared.known_hw & prepared.sure_hw, size_hw)[1]
    back_hw = None if prepared.back_hw is None else relief.resample(prepared.back_hw, prepared.subject_hw, size_hw)[0]
    subject_hw = steady_outline(relief.resample(prepared.front_hw, prepared.subject_hw, size_hw)[1])
    cells_hw = solid_cells(cut_flat(solid_cells(subject_hw), round(prepared.chin_share * size_hw[0])))
    known_hw = known_hw & cells_hw if (known_hw & cells_hw).any() else cells_hw
    well_hw = wells(complete_front(front_hw, known_hw), cells_hw)
    known_hw = known_hw & ~well_hw if (known_hw & ~well_hw).any() else known_hw
    front_hw = complete_front(front_hw, known_hw)
    back_hw = complete_back(front_hw, back_hw, cells_hw, sure_hw & known_hw, prepared.exact)
    solid = close_cells(
        cells_hw, front_hw, back_hw, least_thickness=LEAST_THICKNESS, with_foot=True, smooth_rim=True, limit=meet_at_the_rim
    )
    return _place(solid, size_hw, prepared.camera)


def _relief(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """The face raised from a rectangular plaque with a border."""
    height, width = prepared.subject_hw.shape
    margin = plaque_margin_px(settings, prepared.camera)
    at_full_size = 4 * (height + 2 * margin) * (width + 2 * margin)
    size_hw = _grid_size((height, width), min(1.0, float(np.sqrt(triangles / at_full_size))))
    front_hw, known_hw = relief.resample(prepared.front_hw, prepared.known_hw, size_hw)
    subject_hw = relief.resample(prepared.front_hw, prepared.subject_hw, size_hw)[1]
    front_hw = complete_front(front_hw, known_hw if known_hw.any() else np.ones_like(known_hw))
    floor = float(np.percentile(prepared.front_hw[prepared.known_hw], 2))
    margin_y, margin_x = (round(margin * grid / full) for grid, full in zip(size_hw, (height, width), strict=True))
    raised_hw = np.where(subject_hw, np.maximum(front_hw, floor), floor)
    raised_hw = np.pad(raised_hw, ((margin_y, margin_y), (margin_x, margin_x)), constant_values=floor)
    cells_hw = np.ones(raised_hw.shape, bool)
    plaque_hw = np.full(raised_hw.shape, floor - settings.plaque_thickness)
    solid = close_cells(cells_hw, raised_hw, plaque_hw, least_thickness=settings.plaque_thickness / 2, with_foot=False, smooth_rim=False)
    solid.positions_n3[:, :2] -= (margin_x, margin_y)
    return _place(solid, size_hw, prepared.camera)


def _poisson(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """A smooth surface through the points of the bust (screened Poisson, Open3D)."""
    return poisson_surface(*_bust(prepared, settings, triangles))


KINDS: dict[str, Kind] = {
    "shell": Kind(_shell, closed=False, summary="what the camera saw, open at its edges"),
    "bust": Kind(_bust, closed=True, summary="front and hidden side joined along the silhouette, cut flat below: a solid"),
    "relief": Kind(_relief, closed=True, summary="the face raised from a plaque with a border: a solid", plaque=True),
    "poisson": Kind(_poisson, closed=True, summary="a smooth surface through the points of the bust: a solid; needs open3d", even=False),
}


def plaque_margin_px(settings: ModelSettings, camera: Camera) -> int:
    """Border of a relief's plaque in pixels of the photo."""
    return round(settings.plaque_border * camera.size_hw[1])


def build_mesh(depth: DepthMap, photo: Photo, kind: str, settings: ModelSettings, *, decimated: bool = True) -> Mesh:
    """A textured mesh of one of `KINDS`, at most about `face_budget` triangles, in image widths (METRIC: metres), in the camera's frame.

    The closed kinds are watertight, consistently wound and in one piece; vertices along the texture's seam are doubled at the same place.
    decimated: fine where the surface bends and coarse where it does not; else on an even grid, where one fits into the budget, and then
    no triangle of bust and relief passes through another.
    Raises: GeometryError for an unknown kind, when no pixel is left, or when the surface is not closed after all.
    """
    settings, row = settings_of(kind, settings), KINDS[kind]
    prepared = _prepare(depth, photo, settings)
    shares = GRID_SHARES if decimated else EVEN_SHARES
    for share in shares:
        vertices_n3, faces_m3 = row.build(prepared, settings, share * settings.face_budget)
        if decimated or not row.even or share == shares[-1]:
            vertices_n3, faces_m3 = decimate(vertices_n3, faces_m3, settings.face_budget, closed=row.closed)
        elif len(faces_m3) > settings.face_budget:
            continue
        if not row.closed or is_closed(weld(vertices_n3, faces_m3)[2]):
            break
    else:
        raise GeometryError(f"The {kind} could not be closed. Choose another kind or a larger face budget.")
    margin_px = plaque_margin_px(settings, prepared.camera) if row.plaque else None
    texture = _texture(depth, photo, settings, row.closed, margin_px)
    if row.closed:
        vertices_n3, faces_m3, uv_n2 = split_at_seam(vertices_n3, faces_m3, prepared.camera, margin_px or 0)
    else:
        uv_n2 = picture_uv(vertices_n3, prepared.camera, 0).astype(np.float32)
    return Mesh(vertices_n3, faces_m3, uv_n2, texture, unit=_unit(depth))
