"""The page without a browser: three steps, what is dropped, what goes stale, an error's sentence."""

import base64
import struct
import threading

import numpy as np
import pytest
import stand_in
from odd_files import BAD_FILES, HEIC_HEADER, REAL_FILES, with_exif, with_true_checksums
from page_visit import download_labels, open_page, press, session_of, texts, upload
from PIL import Image
from sample_files import ASTRONAUT, MIRRORED, PORTRAIT_HWC, encoded, jpeg
from skimage.data import astronaut

from face3d import photo
from face3d.depth import checkpoints
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError, WeightsError
from face3d.photo import concerns, crop_to, read_photo
from face3d.structures import DepthMap, DepthRepresentation, Photo
from page import inference_queue
from page.depth_view import Comparison, Layer, PictureSettings, viewer_data
from page.inference_queue import InferenceQueue
from page.session import shared_queue
from page.session_cache import SessionCache


@pytest.fixture
def page(remembering):
    """The page with the bundled network, the astronaut uploaded."""
    return upload(open_page(), "astronaut.jpg", ASTRONAUT)


def test_the_whole_way_with_a_real_photo(page):
    assert (
        page.button(key="generate depth").label == "Generate depth map"
        and not page.button(key="generate depth").disabled
    )
    assert (
        page.button(key="generate model").label == "Generate 3D model"
        and page.button(key="generate model").disabled
    )
    press(page, "generate depth")
    assert download_labels(page) == ["PNG, 8-bit", "PNG, 16-bit", "NPY, float32"]
    assert not page.button(key="generate model").disabled
    press(page, "generate model")
    assert not page.exception and not page.error
    for kind in (
        "GLB",
        "STL",
        "PLY",
        "OBJ",
        "3MF",
        "XYZ",
        "Viewer",
        "Mesh report",
        "Picture",
        "Turntable",
        "Red-cyan",
        "Stereo",
    ):
        assert any(label.startswith(kind) for label in download_labels(page))
    assert "Closed | yes, a solid" in texts(page, "markdown")


@pytest.mark.usefixtures("coarse_models")
def test_another_photo_drops_depth_and_model(page):
    press(page, "generate depth")
    press(page, "generate model")
    upload(page, "mirrored.jpg", MIRRORED)
    assert download_labels(page) == [] and page.button(key="generate model").disabled
    assert session_of(page).depth_result is None and session_of(page).model_source is None


@pytest.mark.usefixtures("coarse_models")
def test_another_network_makes_later_steps_stale(page):
    press(page, "generate depth")
    press(page, "generate model")
    page.selectbox(key="network").set_value("midas_v21_small_256").run()
    assert len(page.warning) == 2 and all("Out of date" in warning.value for warning in page.warning)
    assert page.button(key="generate model").disabled
    page.selectbox(key="network").set_value("face").run()
    assert not page.warning


@pytest.mark.usefixtures("coarse_models")
def test_changed_settings_make_the_files_stale_until_they_are_written_again(page):
    press(page, "generate depth")
    press(page, "generate model")
    page.slider(key="smoothing").set_value(3.0).run()
    assert "files are from before" in texts(page, "warning")
    press(page, "write files")
    assert not page.warning


@pytest.mark.usefixtures("coarse_models")
def test_a_height_that_is_asked_for_is_the_models_height(page):
    press(page, "generate depth")
    press(page, "generate model")
    assert " ± 6 %, from the eyes" in texts(page, "markdown")
    page.number_input(key="height").set_value(120.0).run()
    press(page, "write files")
    assert "× 120 ×" in texts(page, "markdown") and "±" not in texts(page, "markdown")


@pytest.mark.usefixtures("coarse_models")
@pytest.mark.parametrize("setting", [("show", "Points"), ("show", "Model"), ("model colours", "Photo")])
def test_every_way_to_show_the_model_works(page, setting):
    press(page, "generate depth")
    press(page, "generate model")
    page.session_state[setting[0]] = setting[1]
    page.run()
    assert not page.exception and not page.error


@pytest.fixture
def quick_page(monkeypatch):
    """The page with faces found at once, and no HEIC plugin."""
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    monkeypatch.setattr(photo, "heif_available", lambda: False)
    return open_page()


OVER_THE_LIMIT = ASTRONAUT + b"\0" * (33 * 2**20 - len(ASTRONAUT))
REFUSED = BAD_FILES | {
    "heic": (HEIC_HEADER, "HEIC photo"),
    "over the byte limit": (OVER_THE_LIMIT, "33 MB, more than 32 MB"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_file_is_one_sentence_and_the_page_lives_on(quick_page, kind):
    page, (data, expected) = quick_page, REFUSED[kind]
    upload(page, "holiday.jpg", data)
    assert len(page.error) == 1 and expected in page.error[0].value and page.error[0].value.endswith(".")
    assert not page.exception and "Traceback" not in texts(page, "error", "warning", "markdown")
    assert page.button(key="generate depth").disabled
    upload(page, "astronaut.jpg", ASTRONAUT)
    assert not page.error and not page.button(key="generate depth").disabled


def corrupt_exif():
    """A photo whose EXIF block is noise."""
    good = encoded(PORTRAIT_HWC, "JPEG", exif=with_exif(6, 50))
    at = good.index(b"Exif\0\0") + 6
    return good[:at] + b"\xff" * 40 + good[at + 40 :]


def broken_animation():
    """An animated PNG that claims 2^31 frames."""
    good = REAL_FILES["apng"]
    at = good.index(b"acTL") + 4
    return bytes(with_true_checksums(bytearray(good[:at] + struct.pack(">I", 2**31) + good[at + 4 :])))


GREY = Image.fromarray(PORTRAIT_HWC).convert("L")
ODD_FILES = {
    **{
        f"orientation {number}": encoded(PORTRAIT_HWC[:90, :70], "JPEG", exif=with_exif(number))
        for number in range(1, 9)
    },
    "corrupt exif": corrupt_exif(),
    "broken animation": broken_animation(),
    **{name: REAL_FILES[name] for name in ("cmyk", "sixteen", "apng", "animated webp", "palette")},
    **{mode: encoded(GREY.convert(mode), "PNG") for mode in ("1", "L", "LA")},
    "alpha": encoded(np.dstack([PORTRAIT_HWC, np.tile(np.arange(256, dtype=np.uint8), (256, 1))]), "PNG"),
}


@pytest.mark.parametrize("kind", ODD_FILES)
def test_an_odd_file_is_a_photo_all_the_same(quick_page, kind):
    page = upload(quick_page, "odd.png", ODD_FILES[kind])
    assert not page.error and not page.exception and not page.button(key="generate depth").disabled
    turned = kind in [f"orientation {number}" for number in (5, 6, 7, 8)]
    if kind.startswith("orientation"):
        assert ("90 × 70 pixels" if turned else "70 × 90 pixels") in texts(page, "caption")


@pytest.mark.parametrize(
    "error", [WeightsError("The file x is missing."), DepthError("This photo gives no depth.")]
)
def test_a_failing_network_says_what_to_do_in_place(page, monkeypatch, error):
    def fail(*_, **__):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(inference_queue, "predict", fail)
        press(page, "generate depth")
    assert page.error[0].value == str(error)
    press(page, "try depth again")
    assert not page.error and download_labels(page)
    assert "try depth again" not in [button.key for button in page.button]


def test_the_picker_tells_size_place_licence_and_speed_of_every_network(page, monkeypatch, tmp_path):
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    picker = page.selectbox(key="network")
    offered = [name for name, spec in NETWORKS.items() if spec.files]
    assert picker.value == "face"
    assert len(picker.options) == len(offered)
    for name, label in zip(offered, picker.options, strict=True):
        spec = NETWORKS[name]
        assert label.startswith(spec.title) and label.endswith(spec.size_text)
        page.selectbox(key="network").set_value(name).run()
        place = "Comes with this project" if spec.bundled else f"Will be downloaded, {spec.size_text}"
        [line] = [caption.value for caption in page.caption if "licence" in caption.value]
        assert (
            line.startswith(f"{place}")
            and f"licence: {spec.licence}" in line
            and (spec.published is None or spec.speed_text in line)
        )


def test_the_face_is_outlined_before_the_depth_map(page):
    assert "1 face found" in texts(page, "caption")
    assert session_of(page).depth_result is None and len(session_of(page).current_face_search().faces) == 1


SKY = jpeg(
    np.repeat(np.tile(np.linspace(40, 220, 200).astype(np.uint8)[:, None], (1, 260))[..., None], 3, -1)
)
UNIFORM = jpeg(np.full((300, 300, 3), 128, np.uint8))


@pytest.mark.parametrize(("data", "doubt"), [(SKY, "No face was found"), (UNIFORM, "almost one colour")])
def test_a_photo_without_a_face_is_said_to_have_none(page, data, doubt):
    upload(page, "sky.jpg", data)
    assert "No face was found in this photo" in texts(page, "warning") and doubt in texts(page, "warning")
    press(page, "generate depth")
    assert "the shape is a rough guess" in texts(page, "warning") and not page.exception


@pytest.fixture
def fresh_queue():
    """A process whose networks have not been loaded."""
    shared_queue.clear()
    yield
    shared_queue.clear()


@pytest.mark.usefixtures("remembering")
@pytest.mark.parametrize(("content", "sentence"), [(None, "is missing"), (b"damaged" * 100, "is damaged")])
def test_without_sound_weights_the_page_opens_says_so_and_recovers(
    monkeypatch, tmp_path, fresh_queue, content, sentence
):
    if content:
        (tmp_path / "face_depth.safetensors").write_bytes(content)
    with monkeypatch.context() as broken:
        broken.setattr(checkpoints, "BUNDLED_FOLDER", tmp_path)
        page = upload(open_page(), "astronaut.jpg", ASTRONAUT)
        assert not page.error and not page.exception and sentence in texts(page, "warning")
        press(page, "generate depth")
        assert (
            len(page.error) == 1 and sentence in page.error[0].value and "Restore it" in page.error[0].value
        )
    press(page, "try depth again")
    assert not page.error and not page.warning and download_labels(page)
    assert "1 face found" in texts(page, "caption")


def test_nothing_in_the_mask_is_an_error_and_no_crash(page, monkeypatch):
    def empty(_network, photo):
        return DepthMap(
            np.zeros(photo.size_hw, np.float32),
            DepthRepresentation.RELIEF,
            np.zeros(photo.size_hw, bool),
            "face",
        )

    monkeypatch.setattr(inference_queue, "predict", empty)
    press(page, "generate depth")
    press(page, "generate model")
    assert page.error and not page.exception


@pytest.mark.usefixtures("coarse_models")
def test_a_relative_map_brings_its_slider_and_its_warning(page, monkeypatch):
    def relative(network, photo):
        seen = stand_in.predict(network, photo)
        return DepthMap(seen.values_hw, DepthRepresentation.RELATIVE_INVERSE, seen.mask_hw, "face")

    monkeypatch.setattr(inference_queue, "predict", relative)
    press(page, "generate depth")
    assert "relative, not metres" in texts(page, "markdown")
    press(page, "generate model")
    assert page.slider(key="relief strength").value == 2.0 and not page.error


def test_visitors_take_turns_and_hear_their_place(monkeypatch):
    seen = read_photo(ASTRONAUT, "a")
    running, most, heard, gate = [], [], [], threading.Event()

    def slow(network, photo):
        running.append(1)
        most.append(len(running))
        gate.wait(10)
        running.pop()
        return stand_in.predict(network, photo)

    monkeypatch.setattr(inference_queue, "load_network", stand_in.load_network)
    monkeypatch.setattr(inference_queue, "predict", slow)
    queue = InferenceQueue()

    def listen(text):
        heard.append(text)
        if "ahead" in text:
            gate.set()

    visitors = [threading.Thread(target=queue.predict, args=("face", seen, listen)) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(30)
    assert max(most) == 1 and len(most) == 3
    assert any(text.startswith("Waiting: ") for text in heard)


def test_a_download_keeps_only_those_waiting_who_want_the_same_network(monkeypatch):
    photo, loaded, gate = read_photo(ASTRONAUT, "a"), [], threading.Event()

    def load(name, **_):
        loaded.append(name)
        if name == "dpt_beit_large_512":
            gate.wait(10)
        return name

    monkeypatch.setattr(inference_queue, "load_network", load)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    queue, heard = InferenceQueue(), []
    patient = [
        threading.Thread(target=queue.predict, args=("dpt_beit_large_512", photo, heard.append))
        for _ in range(2)
    ]
    for visitor in patient:
        visitor.start()
    assert queue.predict("face", photo, lambda _: None).mask_hw.any()
    assert all(visitor.is_alive() for visitor in patient)
    gate.set()
    for visitor in patient:
        visitor.join(30)
    assert sorted(loaded) == ["dpt_beit_large_512", "face"]
    assert heard.count("Loading the network") == 1


def test_only_the_networks_used_last_are_kept(monkeypatch):
    photo, loaded = read_photo(ASTRONAUT, "a"), []
    monkeypatch.setattr(inference_queue, "load_network", lambda name, **_: loaded.append(name) or name)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    queue = InferenceQueue()
    for name in ("face", "a", "face", "b", "face", "a"):
        queue.predict(name, photo, lambda _: None)
    assert loaded == ["face", "a", "b", "a"]


def test_who_leaves_the_queue_gives_the_place_free(monkeypatch):
    class Left(BaseException):
        pass

    def leave(text):
        if text == "Estimating depth":
            raise Left

    monkeypatch.setattr(inference_queue, "load_network", stand_in.load_network)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    queue, photo = InferenceQueue(), read_photo(ASTRONAUT, "a")
    with pytest.raises(Left):
        queue.predict("face", photo, leave)
    assert queue.predict("face", photo, lambda _: None).mask_hw.any()


def test_the_cache_keeps_what_fits_and_forgets_the_oldest():
    cache = SessionCache(max_bytes=250)
    made = []

    def make(name):
        return lambda: made.append(name) or np.zeros(100, np.uint8)

    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get_or_make(name, make(name))
    assert made == ["a", "b", "c", "b"] and cache.held_bytes == 200
    cache.get_or_make("huge", lambda: b"x" * 300)
    assert cache.held_bytes <= 250


@pytest.mark.parametrize("layer", Layer)
def test_values_under_the_pointer_are_those_of_the_layer(layer):
    photo = Photo(astronaut()[:300, :200].copy(), None, None, "0")
    depth = stand_in.predict(None, photo)
    data = viewer_data(photo, depth, PictureSettings(layer, "Viridis", (0.2, 0.8), Comparison.SIDE_BY_SIDE))
    values_hw = {
        Layer.DEPTH: depth.values_hw,
        Layer.MATTE: depth.matte_hw,
        Layer.UNCERTAINTY: depth.uncertainty_hw,
        Layer.BACK_UNCERTAINTY: depth.thickness_uncertainty_hw,
    }[layer]
    codes_hw = np.frombuffer(base64.b64decode(data["values"]), "<u2").reshape(
        data["gridHeight"], data["gridWidth"]
    )
    row, column = data["gridHeight"] // 2, data["gridWidth"] // 2
    shown = data["low"] + codes_hw[row, column] * data["step"]
    pixel = values_hw[
        int((row + 0.5) / data["gridHeight"] * 300), int((column + 0.5) / data["gridWidth"] * 200)
    ]
    assert shown == pytest.approx(pixel, abs=1e-4)
    assert max(data["histogram"]) == 1 and data["clip"] == [0.2, 0.8]


def test_a_head_is_cut_out_with_room_and_a_narrower_view():
    whole = Photo(astronaut(), None, 60.0, "0")
    cut = crop_to(whole, (180, 60, 270, 190))
    assert np.array_equal(cut.rgb_hwc, whole.rgb_hwc[0:268, 102:348]) and cut.sha256 != whole.sha256
    assert cut.fov_degrees == pytest.approx(
        2 * np.degrees(np.arctan(np.tan(np.radians(30)) * cut.size_hw[1] / 512))
    )


@pytest.mark.parametrize(("grey", "expected"), [(5, "dark"), (200, "one colour")])
def test_a_uniform_photo_is_doubted(grey, expected):
    assert expected in " ".join(concerns(Photo(np.full((300, 300, 3), grey, np.uint8), None, None, "0")))


def test_a_good_photo_is_not_doubted():
    assert concerns(Photo(astronaut(), None, None, "0")) == []
