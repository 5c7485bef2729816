"""Laws of the rasteriser, the losses, the schedule, and (where the face model lies beside the repository) of the rendered samples."""

import math

import cv2
import numpy as np
import pytest
import torch
from face_model_file import FACE_MODEL, needs_face_model

from face_network import FaceMaps
from training import ablation
from training.face_model import load_face_model
from training.losses import losses
from training.raster import rasterise, vertex_normals
from training.train import WARM_UP, learning_rate


def test_the_rasteriser_finds_the_near_and_the_far_of_two_planes():
    square = np.array([[0, 0], [8, 0], [8, 6], [0, 6]], np.float32)
    screen = np.concatenate([np.c_[square, np.full(4, 10)], np.c_[square, np.full(4, 15)]]).astype(np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    index, weight, near = rasterise(screen, triangles, 6, 8, False)
    far = rasterise(screen, triangles, 6, 8, True)[2]
    assert (index >= 0).all()
    assert np.allclose(near, 10, rtol=1e-5)
    assert np.allclose(far, 15, rtol=1e-5)
    assert np.allclose(weight.sum(-1), 1, atol=1e-5)


def test_interpolation_is_correct_in_perspective():
    """A plane receding to the right: half-way on the screen is not half-way in space, but at the harmonic mean of the distances."""
    screen = np.array([[0, 0, 10], [101, 0, 30], [101, 9, 30], [0, 9, 10]], np.float32)
    distance = rasterise(screen, np.array([[0, 1, 2], [0, 2, 3]], np.int32), 9, 101, False)[2]
    assert distance[4, 50] == pytest.approx(2 / (1 / 10 + 1 / 30), rel=1e-4)


def test_normals_of_a_sphere_point_outwards():
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=3)
    vertices = ball.vertices.astype(np.float32)
    assert ((vertex_normals(vertices, ball.faces.astype(np.int32)) * vertices).sum(1) > 0.99).all()


def _maps(relief):
    shape = relief.shape
    zero = torch.zeros(shape)
    return FaceMaps(relief, zero, zero, zero, zero, torch.zeros(shape[0], 2, *shape[1:]))


def test_a_shift_of_relief_costs_place_but_not_shape_or_slope():
    truth = torch.zeros(1, 4, 16, 24)
    truth[:, 0] = torch.rand(16, 24, generator=torch.Generator().manual_seed(0))
    truth[:, 2] = 1
    terms = losses(_maps(truth[:, 0] + 0.5), truth, torch.zeros(1, 2, 3))
    assert terms["shape"] == pytest.approx(0, abs=1e-6)
    assert terms["slope"] == pytest.approx(0, abs=1e-5)
    assert terms["place"] == pytest.approx(0.5, abs=1e-5)


def test_what_lies_outside_the_matte_costs_no_relief():
    truth = torch.zeros(1, 4, 16, 16)
    wild = torch.full((1, 16, 16), 9.0)
    terms = losses(_maps(wild), truth, torch.zeros(1, 2, 3))
    assert float(terms["shape"] + terms["place"] + terms["slope"]) == 0


def test_the_ablations_differ_from_the_loss_by_the_term_they_name():
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    truth = torch.zeros(1, 4, 16, 16)
    truth[:, 0], truth[:, 2] = 0.002 * columns, 1
    truth[:, 0, :, 8:] += 0.5
    batch = truth, torch.zeros(1, 2, 3)
    terms = losses(_maps(truth[:, 0]), *batch)
    assert {name: set(terms) ^ set(cost(_maps(truth[:, 0]), *batch)) for name, cost in ablation.VARIANTS.items()} == {
        "all terms": set(),
        "without place (absolute relief)": {"place"},
        "without shape (shift-invariant relief)": {"shape"},
        "without slope (multi-scale gradient)": {"slope"},
        "slope of one scale, less at edges": set(),
        "with normals": {"normals"},
        "without uncertainty": {"uncertainty"},
    }
    assert ablation.with_normals(_maps(truth[:, 0] + 0.3), *batch)["normals"] == pytest.approx(0, abs=1e-6)
    turned = ablation.with_normals(_maps(truth[:, 0] + rows / 16), *batch)["normals"]
    assert turned == pytest.approx(ablation.NORMALS_WEIGHT * (1 - 2**-0.5), rel=0.1)  # by about 45 degrees
    flat_edge, flat = truth[:, 0].clone(), truth[:, 0].clone()
    flat_edge[:, :, 8:] -= 0.5  # the jump is missed
    flat[:, :, 4:] -= 0.5  # a jump where there is none
    missed, invented = (ablation.edge_aware(_maps(relief), *batch)["slope"] for relief in (flat_edge, flat))
    assert missed < 1e-6 < invented


def test_the_rate_rises_stays_and_falls_to_zero():
    rates = [learning_rate(seen, 100_000, 20_000) for seen in (0, WARM_UP, 50_000, 80_000, 90_000, 100_000)]
    assert rates[0] < rates[1] == rates[2] == rates[3]
    assert rates[4] == pytest.approx(rates[3] / 2)
    assert rates[5] == 0


def test_a_folder_of_obj_files_reads_like_the_packed_model(tmp_path):
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl M_Face\nf 1/1 2/2 3/3 4/4\nusemtl M_EyeLashes\nf 1 2 3\n"
    (tmp_path / "generic_neutral_mesh.obj").write_text(text)
    (tmp_path / "identity000.obj").write_text(text.replace("v 1 1 0", "v 1 3 0"))
    (tmp_path / "jawOpen.obj").write_text(text.replace("v 0 0 0", "v 0 -1 0"))
    model = load_face_model(tmp_path)
    assert model.triangles_m3.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert model.expression_names == ("jawOpen",)
    moved = model.shape(np.array([0.5]), np.array([1.0]))
    assert moved.tolist() == [[0, -1, 0], [1, 0, 0], [1, 2, 0], [0, 1, 0]]


@needs_face_model
def test_samples_repeat_by_seed_and_vary_between_seeds(people):
    from training.render import render

    model, regions = people
    one, again, other = (render(model, regions, seed, 64) for seed in (5, 5, 6))
    assert np.array_equal(one.rgb_hwc, again.rgb_hwc)
    assert np.array_equal(one.relief_hw, again.relief_hw)
    assert not np.array_equal(one.rgb_hwc, other.rgb_hwc)


def test_the_eyes_of_two_people_share_the_two_channels():
    from training.losses import _eye_loss

    def loss_with_blobs_at(places):
        logit = torch.full((1, 2, 32, 32), -8.0)
        for channel, row, column in places:
            logit[0, channel, row, column] = 8.0
        eyes = torch.tensor([[[0.2, 0.2, 1], [0.3, 0.2, 1], [0.7, 0.6, 1], [0.8, 0.6, 1]]])
        return float(_eye_loss(logit, eyes))

    right = loss_with_blobs_at([(0, 6, 6), (1, 6, 9), (0, 19, 22), (1, 19, 25)])
    swapped = loss_with_blobs_at([(1, 6, 6), (0, 6, 9), (1, 19, 22), (0, 19, 25)])
    missing = loss_with_blobs_at([(0, 6, 6), (1, 6, 9)])
    assert right < missing < swapped


@pytest.fixture(scope="module")
def people():
    from training.face_model import find_regions

    model = load_face_model(FACE_MODEL)
    return model, find_regions(model)


@needs_face_model
def test_everything_promised_appears_about_as_often_as_promised(people):
    from training import lighting, scene

    count = 160
    rngs = [np.random.default_rng(seed) for seed in range(count)]
    seen = [scene.random_scene(*people, rng).has | lighting.random_light(rng)[3] for rng in rngs]
    chances = {**scene.CHANCE, **scene.SCENE_CHANCE, **lighting.CHANCE}
    dependent = {"thick beard": 0.3, "sunglasses": 0.15, "long hair": 0.88, "fringe": 0.88, "hair": 0.96, "hat": 0.96}
    for name, chance in chances.items():
        expected = count * chance * dependent.get(name, 1.0)
        found = sum(name in has for has in seen)
        assert found > 0, name
        assert abs(found - expected) < 4 * math.sqrt(expected) + 1, name


@needs_face_model
def test_a_mask_covers_the_mouth_and_not_the_eyes(people):
    from training import worn
    from training.face_model import LANDMARKS_68

    model, regions = people
    for seed in range(5):
        part = worn.mask(model, regions, model.neutral_v3, np.random.default_rng(seed))
        low, high = part.vertices_v3.min(0), part.vertices_v3.max(0)
        mouth, eye = model.neutral_v3[LANDMARKS_68[62]], model.neutral_v3[LANDMARKS_68[37]]
        assert low[1] < mouth[1] < high[1] < eye[1]
        assert high[2] > model.neutral_v3[LANDMARKS_68[30], 2], "before the tip of the nose"


@needs_face_model
def test_a_microphone_is_before_the_mouth_and_a_hand_before_or_beside_the_face(people):
    from training import worn
    from training.face_model import LANDMARKS_68

    vertices = people[0].neutral_v3
    mouth = vertices[LANDMARKS_68[62]]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        ball = worn.microphone(vertices, rng).vertices_v3[:400].mean(0)
        assert ball[2] > mouth[2]
        assert np.linalg.norm(ball - mouth) < 20
        assert worn.hand(vertices, np.ones(3), np.ones(3), rng).vertices_v3[:, 2].max() > 4


@needs_face_model
def test_nobody_looks_behind_long_hair(people):
    """What a camera sees of hair is its outside: a sheet of hair with air behind it taught deep holes beside the face."""
    from training import hair
    from training.render import Camera, euler

    model, _ = people
    for seed in range(6):
        part = hair.curtain(model.neutral_v3, np.ones(3), np.random.default_rng(seed))
        vertices = np.concatenate([part.vertices_v3, model.neutral_v3])
        triangles = np.concatenate([part.triangles_m3, model.triangles_m3 + len(part.vertices_v3)]).astype(np.int32)
        camera = Camera(euler(10.0 * seed - 25, 0, 0), 120.0, 40.0, (0.5, 0.5), 0.0)
        screen = camera.project(camera.place(vertices), 160)
        index = rasterise(screen, triangles, 160, 160, False)[0]
        seen = triangles[index[(index >= 0) & (index < len(part.triangles_m3))]]
        a, b, c = (screen[seen[:, k], :2] for k in range(3))
        turned = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        inside_out = float((turned > 0).mean())  # y points down on the screen
        assert inside_out < 0.02


@needs_face_model
def test_things_hide_a_person_and_belong_to_none(people):
    """A plate between the camera and the head leaves nothing of it in the truth; a plate behind it leaves all, and its thickness."""
    from training import skin
    from training.parts import LABEL_NOTHING, PLASTIC, join, plain
    from training.render import Camera, euler, truth

    model, regions = people
    head = skin.head_part(model, regions, model.neutral_v3, np.ones_like(model.neutral_v3))
    camera = Camera(euler(0, 0, 0), 120.0, 40.0, (0.5, 0.5), 0.0)
    corners = np.array([[-40, -40, 0], [40, -40, 0], [40, 40, 0], [-40, 40, 0]], np.float32)

    def seen_with_plate(z):
        plate = plain(corners + np.array([0, 0, z]), np.array([[0, 1, 2], [0, 2, 3]]), np.ones(3), LABEL_NOTHING, PLASTIC)
        mesh = join([head, plate])
        owner = np.repeat(np.array([1, 0], np.uint8), [len(head.triangles_m3), 2])
        return truth(mesh, owner, camera, camera.place(mesh.vertices_v3), 48)

    alone = truth(head, np.ones(len(head.triangles_m3), np.uint8), camera, camera.place(head.vertices_v3), 48)
    before, behind = seen_with_plate(30), seen_with_plate(-30)
    assert not before.label_hw.any()
    assert not before.relief_hw.any()
    for one, other in zip(alone[:3], behind[:3], strict=True):
        assert np.array_equal(one, other)


@needs_face_model
def test_nobody_looks_under_hair(people):
    """Within a head nothing is seen deep below its surroundings: a shell with an open rim taught holes along the hairline."""
    from training import hair, skin
    from training.parts import join
    from training.render import Camera, euler, truth

    model, regions = people
    bald = skin.head_part(model, regions, model.neutral_v3, np.ones_like(model.neutral_v3))
    thin = []
    for seed in range(6):
        grown = hair.hair(model, regions, model.neutral_v3, np.ones(3), np.random.default_rng(seed), False)
        mesh = join([bald, grown])
        camera = Camera(euler(9.0 * seed - 22, 0, 0), 120.0, 36.0, (0.5, 0.5), 0.0)
        seen = truth(mesh, np.ones(len(mesh.triangles_m3), np.uint8), camera, camera.place(mesh.vertices_v3), 128)
        inner = cv2.erode((seen.label_hw >= 2).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        thin.append((seen.thickness_hw[inner] < 0.03).mean())
    assert np.mean(thin) < 0.001, "a ray that enters under the rim leaves at once; ears alone are thin"
