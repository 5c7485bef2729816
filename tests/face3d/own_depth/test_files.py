"""Laws of the reader of depth maps: the values that were written, or one DepthError."""

import numpy as np
import pytest
from depth_files import exr, npy, npy_claiming, pfm, png, png_claiming
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_files import PORTRAIT_HWC, encoded

from face3d.errors import DepthError
from face3d.export.depth_maps import depth_exr, depth_npy, depth_png8, depth_png16
from face3d.framing import Framing
from face3d.own_depth.files import MAX_BYTES, read_depth_file
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head

INVERSE, RELIEF, METRIC = (
    DepthRepresentation.RELATIVE_INVERSE,
    DepthRepresentation.RELIEF,
    DepthRepresentation.METRIC,
)
SIZE_HW = 40, 52
HEAD = head(SIZE_HW)
UNCUT = Framing(SIZE_HW)
METRES_HW = (0.4 + np.random.default_rng(0).random(SIZE_HW)).astype(np.float32)


def written_map(representation):
    """The formula's head as each kind of network would give it."""
    relief_hw = HEAD.values_hw
    values_hw = {RELIEF: relief_hw, INVERSE: 7 + 3 * relief_hw, METRIC: 1 - relief_hw}[representation]
    return DepthMap(values_hw.astype(np.float32), representation, HEAD.mask_hw, "face")


@pytest.mark.parametrize("representation", DepthRepresentation)
def test_values_that_are_written_here_read_back(representation):
    written = written_map(representation)
    read = read_depth_file(depth_npy(written), "a.npy", representation).of(UNCUT)
    assert np.array_equal(read.mask_hw, written.mask_hw)
    assert np.array_equal(read.values_hw[read.mask_hw], written.values_hw[read.mask_hw])
    stated = read_depth_file(depth_exr(written), "a.exr").of(UNCUT)
    assert stated.representation is representation
    assert np.array_equal(stated.values_hw[written.mask_hw], written.values_hw[written.mask_hw])


@pytest.mark.parametrize("representation", DepthRepresentation)
@pytest.mark.parametrize(("write", "levels"), [(depth_png8, 255), (depth_png16, 65535)])
def test_pictures_that_are_written_here_read_back_to_a_level(representation, write, levels):
    written = written_map(representation)
    inside = written.values_hw[written.mask_hw]
    far, near = (inside.max(), inside.min()) if representation is METRIC else (inside.min(), inside.max())
    ends = None if representation is INVERSE else (float(far), float(near))
    read = read_depth_file(write(written), "a.png", representation, ends).of(UNCUT)
    assert read.representation is representation
    lost_hw = written.mask_hw & ~read.mask_hw  # with 8 bits the farthest is as black as the outside
    assert not (read.mask_hw & ~written.mask_hw).any()
    assert (written.nearness_hw()[lost_hw] < 1 / levels).all() and (levels == 255 or not lost_hw.any())
    both_hw = read.mask_hw
    got = read.values_hw[both_hw] if ends else read.values_hw[both_hw] * (near - far) + far
    assert np.abs(got - written.values_hw[both_hw]).max() <= 0.51 * abs(near - far) / levels + 1e-6


@pytest.mark.parametrize(
    "data",
    [
        npy(METRES_HW),
        npy(np.asfortranarray(METRES_HW)),
        npy(METRES_HW.astype(">f8")),
        npy(METRES_HW[..., None]),
        pfm(METRES_HW),
        pfm(METRES_HW, ">"),
        exr({"Z": METRES_HW}),
        exr({"Y": METRES_HW}),
        exr({"R": METRES_HW, "G": METRES_HW, "B": METRES_HW}),
        exr({"Combined.R": METRES_HW * 2, "ViewLayer.Depth.Z": METRES_HW, "A": METRES_HW * 3}),
    ],
)
def test_metres_of_every_format_are_the_same_metres(data):
    depth = read_depth_file(data, "a", METRIC).of(UNCUT)
    assert depth.representation is METRIC and np.array_equal(depth.values_hw, METRES_HW)


def test_levels_are_between_black_and_white():
    millimetres_hw = np.round(METRES_HW * 1000).astype(np.uint16)
    for data in (png(millimetres_hw), npy(millimetres_hw)):
        depth = read_depth_file(data, "a", METRIC, (0, 65.535)).of(UNCUT)
        assert np.allclose(depth.values_hw, METRES_HW, atol=0.0006)
    levels_hw = np.arange(SIZE_HW[0] * SIZE_HW[1]).reshape(SIZE_HW).astype(np.uint8)
    levels_hw[0, :3] = 0, 255, 51
    near_is_white = read_depth_file(png(levels_hw), "a", INVERSE, (2, 0.5)).of(UNCUT)
    assert near_is_white.representation is METRIC
    assert near_is_white.values_hw[0, :3] == pytest.approx([2, 0.5, 1 / (0.5 + 0.2 * 1.5)])
    near_is_black = read_depth_file(png(levels_hw), "a", METRIC, (0.5, 2)).of(UNCUT)
    assert near_is_black.values_hw[0, :3] == pytest.approx([0.5, 2, 0.8])
    relative = read_depth_file(png(np.dstack([levels_hw] * 3)), "a", INVERSE).of(UNCUT)
    assert relative.representation is INVERSE
    assert relative.values_hw[0, :3] == pytest.approx([0, 1, 0.2]) and relative.mask_hw.all()


def test_what_a_png_leaves_transparent_has_no_value():
    levels_hw = np.arange(SIZE_HW[0] * SIZE_HW[1]).reshape(SIZE_HW).astype(np.uint8)
    alpha_hw = np.where(np.arange(SIZE_HW[1]) < 9, 0, 255)[None].repeat(SIZE_HW[0], 0).astype(np.uint8)
    picture = encoded(np.dstack([levels_hw] * 3 + [alpha_hw]), "PNG")
    assert np.array_equal(read_depth_file(picture, "a", INVERSE).of(UNCUT).mask_hw, alpha_hw > 0)


F4 = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }"
EXR = exr({"Z": METRES_HW})
WINDOW = np.array([0, 0, SIZE_HW[1] - 1, SIZE_HW[0] - 1], "<i4").tobytes()
BAD = {
    "empty": (b"", "is empty"),
    "of another kind": (encoded(PORTRAIT_HWC, "JPEG"), "no depth map that can be read"),
    "too long": (bytes(MAX_BYTES + 1), "more than 64 MB"),
    "PNG in colours": (encoded(PORTRAIT_HWC, "PNG"), "in colours"),
    "PNG of few colours": (encoded(np.eye(40, dtype=bool), "PNG"), "few colours"),
    "PNG cut": (png(np.round(METRES_HW * 9999).astype(np.uint16))[:-300], "damaged"),
    "PNG of a giant": (png_claiming(2**31 - 1, 2**31 - 1), "Save it smaller"),
    "PNG too large": (png_claiming(9_500, 9_500), "Save it smaller"),
    "NPY of objects": (npy(np.array([[{}]]), allow_pickle=True), "holds object"),
    "NPY of words": (npy(np.full(SIZE_HW, "far")), "holds <U3"),
    "NPY of yes and no": (npy(METRES_HW > 0.7), "holds bool"),
    "NPY complex": (npy(METRES_HW * 1j), "holds complex"),
    "NPY of three channels": (npy(np.dstack([METRES_HW] * 3)), "rows x columns"),
    "NPY of a row": (npy(METRES_HW.ravel()), "rows x columns"),
    "NPY of one number": (npy(np.float32(3)), "rows x columns"),
    "NPY cut": (npy(METRES_HW)[:-1], "damaged"),
    "NPY of a giant": (npy_claiming(F4 % "(10000000000, 10000000000)"), "Save it smaller"),
    "NPY without its data": (npy_claiming(F4 % "(5000, 5000)"), "damaged"),
    "NPY of less than nothing": (npy_claiming(F4 % "(-50, -50)"), "at least 32"),
    "NPY with code in its header": (npy_claiming("__import__('os').abort()"), "damaged"),
    "NPY with half a header": (npy_claiming("{'descr': '<f4', 'shape': (40, 52)"), "damaged"),
    "NPY of a later version": (b"\x93NUMPY\x09\x00" + bytes(99), "version 9"),
    "PFM in colours": (pfm(np.dstack([METRES_HW] * 3), kind=b"PF"), "three channels"),
    "PFM cut": (pfm(METRES_HW)[:-1], "damaged"),
    "PFM of a giant": (b"Pf\n999999999 999999999\n-1\n", "Save it smaller"),
    "PFM without a size": (b"Pf\n-3 nan\n-1\n", "damaged"),
    "EXR without depth": (exr({"U": METRES_HW, "V": METRES_HW}), "channels U, V"),
    "EXR in colours": (exr({"R": METRES_HW, "G": METRES_HW * 2, "B": METRES_HW}), "in colours"),
    "EXR cut": (EXR[: len(EXR) // 2], "damaged"),
    "EXR with its signature alone": (EXR[:4], "damaged"),
    "EXR of a giant": (EXR.replace(WINDOW, np.array([0, 0, 99999, 99999], "<i4").tobytes()), "smaller"),
    "EXR of many channels": (exr({f"c{n}": np.zeros((1024, 1024), "f2") for n in range(80)}), "too many"),
    "too small": (npy(METRES_HW[:9, :9]), "at least 32"),
}


@pytest.mark.parametrize("kind", BAD)
def test_every_bad_file_gives_one_sentence(kind, capfd):
    data, said = BAD[kind]
    with pytest.raises(DepthError, match=said) as caught:
        read_depth_file(data, "my\nmap.bin", METRIC, (0.5, 2) if kind.startswith("PNG") else None)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("data", "meaning", "ends", "said"),
    [
        (npy(METRES_HW), None, None, r"State it, .* by --depth-meaning"),
        (npy(METRES_HW), METRIC, (0, 1), "Leave out black and white"),
        (png(np.eye(40, dtype=np.uint8)), METRIC, None, "State the metres"),
        (png(np.eye(40, dtype=np.uint8)), RELIEF, None, "State the image widths"),
        (png(np.eye(40, dtype=np.uint8)), METRIC, (1, 1), "two different numbers"),
        (png(np.eye(40, dtype=np.uint8)), METRIC, (0, float("nan")), "two different numbers"),
        (png(np.eye(40, dtype=np.uint8)), METRIC, (-1, 1), "below 0"),
        (png(np.eye(40, dtype=np.uint8)), INVERSE, (1, 0), "above 0 metres"),
    ],
)
def test_what_a_file_leaves_open_is_asked_for(data, meaning, ends, said):
    with pytest.raises(DepthError, match=said):
        read_depth_file(data, "a", meaning, ends)


WHOLE = [npy(METRES_HW), pfm(METRES_HW), EXR, png(np.round(METRES_HW * 9999).astype(np.uint16))]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(WHOLE), st.data())
def test_damage_anywhere_gives_a_depth_map_or_one_error(whole, draw):
    body = bytearray(whole[: draw.draw(st.integers(8, len(whole)))])
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(6, min(len(body) - 1, 600)))
        body[at] = draw.draw(st.integers(0, 255))
    try:
        read_depth_file(bytes(body), "a", INVERSE)
    except DepthError:
        return
