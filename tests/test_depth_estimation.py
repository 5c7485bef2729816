"""One entry point for every network: loading by name, the estimator protocol, errors, threads."""

import functools
import http.server
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import stand_in
import torch
from PIL import Image
from safetensors.torch import save_file

import convert
import depth_estimation
from benchmarks.midas_parity import DATA, read_manifests, ruled_tensor
from face3d.depth import checkpoints, download, registry
from face3d.depth.estimator import DepthEstimator
from face3d.depth.face.estimator import FaceEstimator, at_quality
from face3d.depth.face.interface import Configuration, metadata_of
from face3d.depth.face.network import FaceNetwork
from face3d.depth.huggingface import HuggingFaceEstimator
from face3d.depth.midas.estimator import MidasEstimator
from face3d.errors import DepthError, MatteError, WeightsError
from face3d.structures import DepthMap, DepthRepresentation, Photo

ROOT = Path(depth_estimation.__file__).parent
MANIFESTS = read_manifests()
SMALL = "midas_v21_small_256"


@pytest.fixture(scope="module")
def official():
    with np.load(DATA / "end_to_end.npz") as content:
        return {key: content[key] for key in content.files}


@pytest.fixture(scope="module")
def photo(official):
    return Photo(official["photo"], None, None, "0")


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    """An official checkpoint file in all but its values."""
    path = tmp_path_factory.mktemp("checkpoints") / "small.pt"
    torch.save({key: ruled_tensor(key, shape) for key, shape in MANIFESTS[SMALL].shapes.items()}, path)
    return path


@pytest.fixture(scope="module")
def small(small_file):
    return depth_estimation.load_network(SMALL, checkpoint=small_file, device="cpu")


@pytest.fixture(scope="module")
def face_file(tmp_path_factory):
    torch.manual_seed(2)
    configuration = Configuration()
    path = tmp_path_factory.mktemp("face") / "face.safetensors"
    state_dict = FaceNetwork(configuration).state_dict()
    save_file(
        {key: value.contiguous() for key, value in state_dict.items()},
        path,
        metadata_of(configuration, {}),
    )
    return path


def test_the_table_is_the_registrys():
    assert depth_estimation.NETWORKS is registry.NETWORKS


@pytest.mark.parametrize("library", ["torch", "timm", "transformers", "streamlit"])
def test_the_import_takes_no_library_that_takes_seconds(library):
    command = f"import sys, depth_estimation; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=ROOT).returncode == 0


def test_estimators_fulfil_the_protocol(small, face_file):
    """`load` of the transformers family needs its library; see test_huggingface.py for a loaded one."""
    face = depth_estimation.load_network(checkpoint=face_file)
    assert isinstance(face, FaceEstimator) and isinstance(small, MidasEstimator)
    unloaded = HuggingFaceEstimator(torch.nn.Identity(), None, registry.NETWORKS["glpn_nyu"], face.device)
    for estimator in (face, small, unloaded):
        assert isinstance(estimator, DepthEstimator)
        with pytest.raises(FrozenInstanceError):
            estimator.spec = None
    assert (small.device.name, small.device.precision) == ("cpu", "float32")


def test_only_the_face_network_detects_faces(small, photo, face_file):
    assert depth_estimation.find_faces(small, photo) == ()
    face = depth_estimation.load_network(checkpoint=face_file)
    assert depth_estimation.find_faces(face, photo) == depth_estimation.predict(face, photo).faces


def test_the_face_network_computes_on_the_cpu_whatever_is_chosen(face_file):
    network = depth_estimation.load_network(checkpoint=face_file, device="cpu", precision="bfloat16")
    assert (network.device.name, network.device.precision) == ("cpu", "float32")


def test_from_a_checkpoint_file_to_the_official_map(small, photo, official):
    depth = depth_estimation.predict(small, photo)
    assert np.abs(depth.values_hw - official["prediction"]).max() < 1e-3 * np.ptp(official["prediction"])
    assert depth.representation is DepthRepresentation.RELATIVE_INVERSE
    assert depth.size_hw == photo.size_hw


def test_the_command_line_takes_a_checkpoint_file(small_file, official, tmp_path, capsys):
    Image.fromarray(official["photo"]).save(tmp_path / "photo.png")
    arguments = [
        str(tmp_path / "photo.png"),
        "-o",
        str(tmp_path),
        "--model",
        "shell",
        "--height-mm",
        "100",
        "--faces",
        "500",
    ]
    choice = ["--network", SMALL, "--checkpoint", str(small_file), "--device", "cpu", "--matte", "none"]
    assert convert.main([*arguments, *choice]) == 0, capsys.readouterr().err
    values_hw = np.load(tmp_path / "photo_depth.npy")
    assert np.abs(values_hw - official["prediction"]).max() < 1e-3 * np.ptp(official["prediction"])
    assert convert.main([*arguments, *choice, "--precision", "bfloat16"]) == 0
    assert np.abs(np.load(tmp_path / "photo_depth.npy") - values_hw).max() > 0


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (["--checkpoint", "absent.pt"], "no checkpoint at absent.pt"),
        (["--device", "abacus"], "no device 'abacus'"),
        (["--precision", "float7"], "no precision 'float7'"),
    ],
)
def test_the_command_line_reports_a_wrong_choice(choice, message, tmp_path, capsys):
    Image.new("RGB", (9, 9)).save(tmp_path / "photo.png")
    assert convert.main([str(tmp_path), "--network", SMALL, *choice]) == 1
    assert message in capsys.readouterr().err


def test_the_same_photo_gives_the_same_map(small, photo):
    first, second = depth_estimation.predict(small, photo), depth_estimation.predict(small, photo)
    np.testing.assert_array_equal(first.values_hw, second.values_hw)


def test_threads_do_not_disturb_each_other(small, photo):
    other = Photo(np.ascontiguousarray(photo.rgb_hwc[:, ::-1][:200]), None, None, "1")
    alone = [depth_estimation.predict(small, one).values_hw for one in (photo, other)]
    together: list = [None, None]

    def work(index, one):
        together[index] = depth_estimation.predict(small, one).values_hw

    threads = [threading.Thread(target=work, args=(index, one)) for index, one in enumerate((photo, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, both in zip(alone, together, strict=True):
        np.testing.assert_allclose(both, one, rtol=1e-5)


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 50), (700, 20)])
def test_odd_photos_come_back_at_their_own_size(small, size_hw):
    depth = depth_estimation.predict(small, Photo(np.full((*size_hw, 3), 90, np.uint8), None, None, "2"))
    assert depth.size_hw == size_hw


def test_an_unknown_network_is_an_error_that_lists_the_known_ones():
    with pytest.raises(DepthError, match=r"no network 'midas'.*midas_v21_small_256"):
        depth_estimation.load_network("midas")


def test_a_checkpoint_of_another_network_is_reported_with_its_path(small_file):
    with pytest.raises(WeightsError, match=r"small\.pt: The checkpoint is not one of this network") as caught:
        depth_estimation.load_network("dpt_swin2_tiny_256", checkpoint=small_file)
    assert "\n" not in str(caught.value)


def test_a_damaged_checkpoint_is_one_sentence(tmp_path):
    (tmp_path / "half.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(WeightsError, match="damaged or no checkpoint"):
        depth_estimation.load_network(SMALL, checkpoint=tmp_path / "half.pt")


def test_a_checkpoint_in_the_cache_is_loaded_without_a_download(small_file, photo, tmp_path, monkeypatch):
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / f"{SMALL}.pt").symlink_to(small_file)
    network = depth_estimation.load_network(
        SMALL, progress=lambda *_: pytest.fail("nothing should be downloaded")
    )
    assert network.spec is registry.NETWORKS[SMALL]


def test_without_a_connection_the_error_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    dead = replace(registry.NETWORKS[SMALL].files[0], url="http://127.0.0.1:9/small.pt")
    impatient = download.RetryPolicy(connect_seconds=0.5, read_seconds=0.5, tries=1, pause_seconds=0)
    monkeypatch.setattr(download, "RetryPolicy", lambda: impatient)
    monkeypatch.setitem(registry.NETWORKS, SMALL, replace(registry.NETWORKS[SMALL], files=(dead,)))
    with pytest.raises(
        WeightsError, match=r"no connection to the server.*The bundled face network works without it"
    ):
        depth_estimation.load_network(SMALL)


def test_from_a_download_to_the_official_map(small_file, photo, official, tmp_path, monkeypatch):
    """As on the first use of a MiDaS network, with a local server in place of GitHub."""
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(small_file.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/{small_file.name}"
    file = replace(
        registry.NETWORKS[SMALL].files[0], url=url, sha256=checkpoints.download.sha256_of(small_file)
    )
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setitem(registry.NETWORKS, SMALL, replace(registry.NETWORKS[SMALL], files=(file,)))
    reported = []
    try:
        network = depth_estimation.load_network(
            SMALL, device="cpu", progress=lambda done, total: reported.append((done, total))
        )
    finally:
        server.shutdown()
        server.server_close()
    size = small_file.stat().st_size
    assert reported[0] == (0, size)
    assert reported[-1] == (size, size)
    depth = depth_estimation.predict(network, photo)
    assert np.abs(depth.values_hw - official["prediction"]).max() < 1e-3 * np.ptp(official["prediction"])


def test_the_face_network_gives_relief_and_detects_faces(face_file, photo):
    network = depth_estimation.load_network(checkpoint=face_file)
    depth = depth_estimation.predict(network, photo)
    assert network.spec.name == "face"
    assert depth.representation is DepthRepresentation.RELIEF
    assert depth.detects_faces
    assert depth.size_hw == photo.size_hw


@pytest.mark.skipif(
    checkpoints.find(registry.NETWORKS["face"]) is None, reason="the bundled weights are not in assets/"
)
def test_the_bundled_network_needs_no_download(tmp_path, monkeypatch):
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    network = depth_estimation.load_network(progress=lambda *_: pytest.fail("nothing should be downloaded"))
    assert network.spec.bundled
    assert list(tmp_path.iterdir()) == []


def test_only_the_bundled_network_has_a_quality_to_choose(face_file, small):
    face = depth_estimation.load_network(checkpoint=face_file, quality="best")
    assert at_quality(face, "fast").quality == "fast" and face.quality == "best"
    assert at_quality(small, "fast") is small
    with pytest.raises(DepthError, match="Only the network face has the quality best"):
        at_quality(small, "best")
    with pytest.raises(DepthError, match="choose fast or best"):
        depth_estimation.load_network(checkpoint=face_file, quality="better")


class OtherNetwork:
    """A network without faces: the same ramp for every photo."""

    def predict(self, photo):
        values_hw = np.tile(np.linspace(1, 2, photo.size_hw[1], dtype=np.float32), (photo.size_hw[0], 1))
        everything = np.ones(photo.size_hw, bool)
        return DepthMap(values_hw, DepthRepresentation.RELATIVE_INVERSE, everything, "other")


class FaceNetworkOf:
    """In place of the bundled network: the stand-in's egg, or no face."""

    def __init__(self, sees=True):
        self.sees = sees

    def predict(self, photo):
        depth = stand_in.predict(None, photo)
        return depth if self.sees else replace(depth, faces=())

    def find_faces(self, photo):
        return self.predict(photo).faces


@pytest.fixture
def grey_photo():
    return Photo(np.full((60, 50, 3), 90, np.uint8), None, None, "")


def test_another_networks_map_is_cut_out_by_the_bundled_matte(grey_photo):
    depth = OtherNetwork().predict(grey_photo)
    cut = depth_estimation.cut_out(depth, grey_photo, face_network=FaceNetworkOf())
    seen = stand_in.predict(None, grey_photo)
    assert np.array_equal(cut.values_hw, depth.values_hw)
    assert np.array_equal(cut.mask_hw, seen.matte_hw > 0.5)
    assert (cut.faces, cut.detects_faces, cut.matte) == (seen.faces, True, "face")


def test_without_a_face_another_networks_map_stays_whole_and_says_so(grey_photo):
    depth = OtherNetwork().predict(grey_photo)
    cut = depth_estimation.cut_out(depth, grey_photo, face_network=FaceNetworkOf(sees=False))
    assert cut.mask_hw.all()
    assert (cut.faces, cut.detects_faces, cut.matte) == ((), True, None)


def test_the_matte_none_leaves_a_map_as_it_is(grey_photo):
    depth = OtherNetwork().predict(grey_photo)
    assert depth_estimation.cut_out(depth, grey_photo, "none") is depth


def test_the_matte_none_keeps_the_whole_photo_with_the_bundled_network_too(grey_photo):
    cut = depth_estimation.cut_out(stand_in.predict(None, grey_photo), grey_photo, "none")
    assert cut.mask_hw.all() and len(cut.faces) == 1
    assert (cut.matte, cut.matte_hw) == (None, None)


def test_a_mask_of_ones_own_keeps_the_faces_under_it(grey_photo):
    depth = OtherNetwork().predict(grey_photo)
    white = replace(grey_photo, rgb_hwc=np.full((60, 50, 3), 255, np.uint8))
    cut = depth_estimation.cut_out(depth, grey_photo, "file", mask=white, face_network=FaceNetworkOf())
    assert len(cut.faces) == 1
    assert cut.mask_hw.all()


def test_an_unknown_matte_is_refused_with_the_known_ones(grey_photo):
    with pytest.raises(MatteError, match="choose one of face, alpha, file, none, u2net"):
        depth_estimation.cut_out(OtherNetwork().predict(grey_photo), grey_photo, "green screen")
