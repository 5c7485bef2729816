"""What may appear in a training scene looks like what its name says, and appears as often as promised."""

import math

import cv2
import numpy as np
import pytest
from face_model_file import FACE_MODEL, needs_face_model
from synthetic_picture import FRONTAL, lit_by, photograph

from training.rendering import lighting, sensor
from training.rendering.backdrop import random_backdrop
from training.rendering.camera import random_camera
from training.rendering.sample import CHANCE_OF_NOBODY, render
from training.scenes import accessories, clothes, hair, scene, skin
from training.scenes.face_model import EYEBALLS, FACE, LANDMARKS_68, find_regions, load_face_model
from training.scenes.primitives import EYE, LABEL_NOTHING, PLASTIC, SKIN, ellipsoid, join, plain
from training.scenes.scene import LATER_CHANCE, random_person

SEEDS = range(8)
PALE, BLACK = np.array([0.88, 0.62, 0.5]), np.full(3, 0.02)


@pytest.fixture(scope="module")
def people():
    model = load_face_model(FACE_MODEL)
    return model, find_regions(model)


@pytest.fixture
def painted(people):
    """A function from a seed and names to the albedo and the vertices of the mean head with pale skin and
    black hair.
    """
    model, regions = people
    return lambda seed, *names: skin.paint_head(
        model, regions, model.neutral_v3, PALE, BLACK, np.random.default_rng(seed), set(names)
    )


@needs_face_model
def test_freckles_are_small_dark_spots_on_the_cheeks(people, painted):
    model, regions = people
    edges = model.triangles_m3[(regions.cheek[model.triangles_m3] > 0.5).all(1)][:, :2]

    def grain(*names):
        return np.mean([np.abs(np.diff(painted(seed, *names)[0][edges, 2], axis=1)).mean() for seed in SEEDS])

    assert grain("freckles") > 1.5 * grain()


@needs_face_model
def test_make_up_colours_lips_and_lids(people, painted):
    near_lid = (people[1].to_eyelid < 0.25) & (people[1].to_eyelid > 0)
    for where in (people[1].lips > 0.5, near_lid):
        colours = [
            [painted(seed, *names)[0][where].mean(0) for seed in SEEDS] for names in ((), ("make-up",))
        ]
        assert np.std(colours[1], 0).sum() > 1.5 * np.std(colours[0], 0).sum(), "of every colour"


@needs_face_model
def test_wrinkles_furrow_the_face_by_a_millimetre_or_two(people, painted):
    model, _ = people
    for seed in SEEDS:
        assert np.array_equal(painted(seed)[1], model.neutral_v3)
        moved = np.linalg.norm(painted(seed, "wrinkles")[1] - model.neutral_v3, axis=1)
        assert 0.03 < moved[FACE].max() < 0.4
        assert not moved[FACE.stop :].any()


@needs_face_model
def test_a_beard_darkens_the_chin_and_a_thick_one_has_volume(people, painted):
    model, regions = people
    chin = (regions.beard > 0.5) & (regions.lips < 0.1) & (np.arange(len(regions.beard)) < FACE.stop)
    for seed in SEEDS:
        (shaved, _), (stubble, flat), (_, thick) = (
            painted(seed, *names) for names in ((), ("beard",), ("beard", "thick beard"))
        )
        assert stubble[chin].mean() < 0.95 * shaved[chin].mean()
        assert np.array_equal(flat, model.neutral_v3)
        grown = np.linalg.norm(thick - model.neutral_v3, axis=1)
        assert 0.05 < grown[chin].max() < 2.5
        assert grown[regions.beard == 0].max() < 1e-4


@needs_face_model
def test_expressions_move_the_face_and_closed_eyes_close(people):
    model, _ = people
    upper, lower = LANDMARKS_68[[37, 38, 43, 44]], LANDMARKS_68[[41, 40, 47, 46]]

    def gap(*names):
        shapes = (skin.head_shape(model, np.random.default_rng(seed), set(names)) for seed in range(30))
        return np.array([(shape[upper, 1] - shape[lower, 1]).mean() for shape in shapes])

    assert gap("closed eyes").max() < 0.55 * gap().mean()
    below_eyes = LANDMARKS_68[27:36].tolist() + LANDMARKS_68[48:].tolist()
    moved = [
        np.ptp(
            [
                skin.head_shape(model, np.random.default_rng(seed), has)[below_eyes]
                for has in (set(), {"expression"})
            ],
            0,
        ).max()
        for seed in range(30)
    ]
    assert np.median(moved) > 0.2, "centimetres, of nose and mouth of the same person"


@needs_face_model
def test_people_differ_in_shape_skin_iris_and_gaze(people):
    model, _ = people
    drawn = [random_person(*people, np.random.default_rng(seed)) for seed in range(24)]
    heads = [person.mesh.vertices_v3[: len(model.neutral_v3)] for person in drawn]
    colours = [person.mesh.albedo_v3[: len(model.neutral_v3)] for person in drawn]
    noses = np.array([head[LANDMARKS_68[30]] - head[LANDMARKS_68[27]] for head in heads])
    assert noses[:, 1:].std(0).min() > 0.1, "centimetres"
    cheek = find_regions(model).cheek > 0.5
    light = np.array([colour[cheek].mean() for colour in colours])
    assert light.min() < 0.2 < 0.45 < light.max()
    # The axis of an eyeball: from its centre to the middle of its dark pupil.
    ball = EYEBALLS[0]
    gaze = [
        head[ball][colour[ball].max(1) < 0.02].mean(0) - head[ball].mean(0)
        for head, colour in zip(heads, colours, strict=True)
    ]
    gaze = np.array([direction / np.linalg.norm(direction) for direction in gaze])
    assert np.degrees(gaze[:, 0].std()) > 2
    assert np.degrees(gaze[:, 1].std()) > 2


@needs_face_model
def test_a_hat_sits_on_top_earrings_hang_below_the_ears_and_a_fringe_hangs_lower(people):
    model, regions = people
    vertices = model.neutral_v3
    brow = vertices[LANDMARKS_68[19:25], 1].mean()
    fringes = []
    for seed in SEEDS:
        cap = hair.hat(model, regions, vertices, np.random.default_rng(seed))[0].vertices_v3
        assert cap[:, 1].max() > vertices[:, 1].max() + 0.5
        assert cap[:, 1].min() > brow - 6
        rings = accessories.earrings(model, vertices, np.random.default_rng(seed)).vertices_v3
        assert np.abs(rings[:, 0]).min() > 5
        assert rings[:, 1].max() < brow
        grown = [
            hair.hair(model, regions, vertices, BLACK, np.random.default_rng(seed), fringe)
            for fringe in (False, True)
        ]
        front = [
            part.vertices_v3[(np.abs(part.vertices_v3[:, 0]) < 2) & (part.vertices_v3[:, 2] > 5), 1].min()
            for part in grown
        ]
        fringes.append(front[0] - front[1])
    assert np.mean(fringes) > 1.5, "centimetres"


@needs_face_model
def test_long_hair_reaches_from_straight_to_curly(people):
    """How much the outside of a curtain of hair bends from row to row."""
    bends = []
    for seed in range(24):
        outer = (
            hair.curtain(people[0].neutral_v3, BLACK, np.random.default_rng(seed))
            .vertices_v3[: 64 * 32]
            .reshape(32, 64, 3)
        )
        radius = np.hypot(outer[6:, 16:48, 0], outer[6:, 16:48, 2])
        bends.append(np.abs(np.diff(radius, 2, axis=0)).mean())
    assert max(bends) > 4 * min(bends)


@needs_face_model
def test_lashes_darken_the_rims_of_the_lids_and_are_no_surface(people):
    model, regions = people
    eyes = np.array([model.neutral_v3[part].mean(0) for part in EYEBALLS])
    eyes = eyes[np.argsort(eyes[:, 0])]
    colour, vertices = skin.paint_head(
        model, regions, model.neutral_v3, PALE, BLACK, np.random.default_rng(0), set()
    )
    head = skin.head_part(model, regions, vertices, colour)
    for seed in SEEDS:
        hairs = hair.lashes(model.neutral_v3, eyes, np.random.default_rng(seed))
        assert (hairs.label_m == LABEL_NOTHING).all()
        away = np.linalg.norm(hairs.vertices_v3[:, None] - eyes, axis=2).min(1)
        assert 0.8 < away.min() < away.max() < 3.2, "between the eyeball and a centimetre before the lid"
    bare, lashed = (photograph(mesh, FRONTAL, 256)[0] for mesh in (head, join([head, hairs])))
    changed = np.argwhere(np.abs(lashed - bare).max(-1) > 0.05)
    assert len(changed) > 20
    assert (lashed - bare)[tuple(changed.T)].mean() < -0.1, "darker"
    eye_rows = FRONTAL.project(FRONTAL.place(eyes), 256)[:, 1]
    assert np.abs(changed[:, 0] - eye_rows.mean()).max() < 256 * 2 / 36, (
        "within two centimetres of the eyes' height"
    )


@needs_face_model
def test_a_neck_scarf_lies_around_the_neck_below_the_chin(people):
    vertices = people[0].neutral_v3
    for seed in SEEDS:
        wound = clothes.neck_scarf(np.random.default_rng(seed)).vertices_v3
        loops = wound[: 60 * 16]
        assert loops[:, 1].max() < vertices[LANDMARKS_68[8], 1]
        assert (np.sign(loops[:, [0, 2]]).min(0) == -1).all()
        assert (np.sign(loops[:, [0, 2]]).max(0) == 1).all()
        neck = vertices[np.abs(vertices[:, 1] + 10) < 0.5]
        assert np.hypot(loops[:, 0], loops[:, 2] + 1.5).max() > np.abs(neck[:, 0]).max(), (
            "around it, not inside"
        )


@needs_face_model
def test_what_is_drawn_later_appears_as_often_as_promised_and_changes_no_person(people, monkeypatch):
    drawn = [random_person(*people, np.random.default_rng(seed)) for seed in range(60)]
    for name, chance in LATER_CHANCE.items():
        among = [person for person in drawn if name != "loose strands" or "hair" in person.has]
        found = sum(name in person.has for person in among)
        assert abs(found - chance * len(among)) < 4 * math.sqrt(len(among) * chance * (1 - chance)) + 1, name
    surfaces = []
    for chance in (0.0, 1.0):
        for name in ("loose strands", "lashes"):
            monkeypatch.setitem(LATER_CHANCE, name, chance)
        mesh = random_person(*people, np.random.default_rng(3)).mesh
        surfaces.append(mesh.vertices_v3[mesh.triangles_m3[mesh.label_m != LABEL_NOTHING]])
    assert np.array_equal(*surfaces)


@needs_face_model
def test_nobody_is_drawn_as_often_as_promised_and_leaves_nothing_in_the_truth(people):
    empty = [seed for seed in range(600) if np.random.default_rng(seed).random() < CHANCE_OF_NOBODY]
    assert abs(len(empty) - 600 * CHANCE_OF_NOBODY) < 4 * math.sqrt(600 * CHANCE_OF_NOBODY)
    for seed in empty[:3]:
        sample = render(*people, seed, 64)
        assert "nobody" in sample.has
        for truth in (
            sample.matte_hw,
            sample.relief_hw,
            sample.thickness_hw,
            sample.label_hw,
            sample.heads_23,
            sample.eyes_43,
        ):
            assert not truth.any()
        assert sample.rgb_hwc.std() > 0


def test_heads_come_small_and_large():
    rng = np.random.default_rng(0)
    share = np.array(
        [18 / random_camera(rng).scene_width for _ in range(2000)]
    )  # of the picture's width, for a head of 18 cm
    assert (share < 0.25).mean() > 0.04
    assert (share > 0.6).mean() > 0.1


def lights_with(monkeypatch, *names):
    """Of many seeds, the lights that are drawn with just these names."""
    for name in lighting.CHANCE:
        monkeypatch.setitem(lighting.CHANCE, name, float(name in names))
    return [lighting.random_light(np.random.default_rng(seed)) for seed in range(40)]


def test_each_kind_of_light_is_one(monkeypatch):
    common = lights_with(monkeypatch)
    for light, has in lights_with(monkeypatch, "hard light"):
        assert has == {"hard light"}
        assert light.lights[0].shadow_softness == 0, "a sharp shadow"
        assert light.lights[0].wrap == 0
        assert light.ambient_3.max() < 0.45 * 0.7 * 1.15 + 1e-6
    for (before, _), (light, _) in zip(common, lights_with(monkeypatch, "back light"), strict=True):
        assert len(light.lights) == len(before.lights) + 1
        assert light.lights[-1].towards_3[2] < -0.15, "from behind"
    for (before, _), (light, _) in zip(common, lights_with(monkeypatch, "flash"), strict=True):
        assert len(light.lights) == len(before.lights) + 1
        assert light.lights[-1].towards_3[2] > 0.97, "from the camera"
    tint = [
        [light.lights[0].colour_3.max() / light.lights[0].colour_3.min() for light, _ in drawn]
        for drawn in (common, lights_with(monkeypatch, "coloured light"))
    ]
    assert np.median(tint[1]) > 1.5 * np.median(tint[0])
    assert np.std([light.ambient_3 for light, _ in common]) > 0.1


def test_what_stands_in_the_light_casts_a_shadow():
    """A ball between a plate and the light: the plate is darker behind it than beside it, and is not where
    the light casts no shadows.
    """
    corners = np.array([[-12, -12, 0], [12, -12, 0], [12, 12, 0], [-12, 12, 0]], np.float32)
    plate = plain(corners, np.array([[0, 1, 2], [0, 2, 3]]), np.full(3, 0.5), LABEL_NOTHING, PLASTIC)
    ball = plain(
        *ellipsoid([0, 0, 6], [3, 3, 3], np.random.default_rng(0), 0.0),
        np.full(3, 0.5),
        LABEL_NOTHING,
        PLASTIC,
    )
    mesh = join([plate, ball])
    placed = FRONTAL.place(mesh.vertices_v3)
    screen = FRONTAL.project(placed, 128)
    towards = np.array([1.0, 0.0, 1.0]) / math.sqrt(2)  # so the shadow falls to the left of the ball
    dark, beside = (slice(60, 68), slice(36, 40)), (slice(60, 68), slice(100, 104))
    for softness, shaded in ((0.0, True), (None, False)):
        light = lit_by(towards, 0.2, softness)
        picture = lighting.photograph(
            mesh, placed, screen, scene.details(np.random.default_rng(0)), 120.0, light, 128, 0
        )[0]
        assert (picture[dark].mean() < 0.6 * picture[beside].mean()) == shaded


def test_the_bump_of_skin_and_the_gloss_of_eyes_show():
    """Pores roughen an evenly lit ball of skin; a ball of eye has a small highlight even where nothing else
    shines.
    """
    light = lit_by([0.3, 0.3, 0.9], 0.2)

    def picture(material, detail):
        ball = plain(
            *ellipsoid([0, 0, 0], [6, 6, 6], np.random.default_rng(0), 0.0, 48),
            np.full(3, 0.3),
            LABEL_NOTHING,
            material,
        )
        placed = FRONTAL.place(ball.vertices_v3)
        return lighting.photograph(ball, placed, FRONTAL.project(placed, 256), detail, 120.0, light, 256, 0)[
            0
        ][..., 0]

    drawn = [scene.details(np.random.default_rng(seed)) for seed in range(30)]
    assert np.ptp([detail[SKIN, 4] for detail in drawn]) > 0.008
    rough, smooth = drawn[0].copy(), drawn[0].copy()
    rough[SKIN, 3:5], smooth[SKIN, 3:5] = (0, 0.012), 0
    grain = [
        np.abs(cv2.Laplacian(picture(SKIN, detail), cv2.CV_32F))[100:156, 100:156].mean()
        for detail in (rough, smooth)
    ]
    assert grain[0] > 1.5 * grain[1]
    eye, skin_ball = picture(EYE, drawn[0]), picture(SKIN, smooth)
    shining = eye > skin_ball.max() + 0.1
    assert 0 < shining.sum() < 0.05 * (eye > 0).sum()


def test_backdrops_differ_in_detail():
    detail = [
        np.abs(np.diff(random_backdrop(96, np.random.default_rng(seed)), axis=1)).mean() for seed in range(60)
    ]
    assert np.quantile(detail, 0.9) > 5 * np.quantile(detail, 0.1)


CHECKS = np.add.outer(np.arange(192) // 8, np.arange(192) // 8) % 2
CRISP = np.dstack([0.05 + 0.3 * CHECKS, 0.1 + 0.3 * CHECKS, 0.15 + 0.3 * CHECKS])


def developed(monkeypatch, *names, count=12):
    """`CRISP` as it comes out with just these names, for several seeds: (count, 192, 192, 3)."""
    for name in sensor.CHANCE:
        monkeypatch.setitem(sensor.CHANCE, name, float(name in names))
    drawn = [sensor.develop(CRISP, np.random.default_rng(seed)) for seed in range(count)]
    assert all(has == set(names) for _, has in drawn)
    assert all(pixels.shape == CRISP.shape and pixels.dtype == np.uint8 for pixels, _ in drawn)
    return np.array([pixels for pixels, _ in drawn]).astype(float)


def sharpness(pixels):
    """Rise from check to check, right at the edge, as a share of the whole; of the mean of many pictures, so
    without their noise.
    """
    mean = pixels.mean((0, 3))
    columns = np.arange(16, 176, 8)
    return np.abs(mean[:, columns] - mean[:, columns - 1]).mean() / (
        mean[CHECKS > 0].mean() - mean[CHECKS == 0].mean()
    )


def test_each_thing_that_lens_sensor_and_file_do_is_seen(monkeypatch):
    clean = developed(monkeypatch)
    assert developed(monkeypatch, "under-exposed").mean() < 0.75 * clean.mean()
    assert developed(monkeypatch, "over-exposed").mean() > 1.15 * clean.mean()
    vignette = developed(monkeypatch, "vignette")
    ratio = [one[:, :16, :16].mean() / one[:, 88:104, 88:104].mean() for one in (vignette, clean)]
    assert ratio[0] < 0.9 * ratio[1]
    for name in ("defocus", "motion blur", "enlarged"):
        assert sharpness(developed(monkeypatch, name)) < 0.9 * sharpness(clean), name
    assert sharpness(developed(monkeypatch, "sharpened")) > 1.1 * sharpness(clean)
    for name, grey in (("grey", True), ("sepia", False)):
        red, green, blue = np.moveaxis(developed(monkeypatch, name), -1, 0)
        if grey:
            assert np.array_equal(red, green)
            assert np.array_equal(green, blue)
        else:
            assert (red >= green).all()
            assert (green >= blue).all()
            assert red.mean() > 1.2 * blue.mean()
    monkeypatch.undo()
    noise = [np.random.default_rng(seed) for seed in range(40)]
    flat = np.array(
        [
            sensor.develop(np.full((32, 32, 3), 0.2), rng)[0].astype(float).std(axis=(0, 1)).mean()
            for rng in noise
        ]
    )
    assert np.quantile(flat, 0.9) > 3 * max(np.quantile(flat, 0.1), 0.3), "from clean to noisy"


@pytest.mark.parametrize("name", ["JPEG", "WebP"])
def test_compressed_pictures_have_been_through_a_file(name, monkeypatch):
    """What the decoder gives differs from what went in, and less so for a better quality."""
    ending, flag = sensor.FILES[name]
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 1.5)
    poor, good = (
        np.abs(sensor.compressed(pixels, ending, flag, quality).astype(float) - pixels).mean()
        for quality in (30, 94)
    )
    assert 0 < good < 0.7 * poor
    assert developed(monkeypatch, name).std() > 0


def test_lens_sensor_and_file_do_each_thing_as_often_as_promised():
    small = np.full((32, 32, 3), 0.3)
    drawn = [sensor.develop(small, np.random.default_rng(seed))[1] for seed in range(800)]
    for name, chance in sensor.CHANCE.items():
        found = sum(name in has for has in drawn)
        assert abs(found - 800 * chance) < 4 * math.sqrt(800 * chance), name
    exclusive = [
        tuple(sensor.BLURS),
        tuple(sensor.FILES),
        ("grey", "sepia"),
        ("under-exposed", "over-exposed"),
    ]
    assert all(len(has.intersection(names)) <= 1 for has in drawn for names in exclusive)
