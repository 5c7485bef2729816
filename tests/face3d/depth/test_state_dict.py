"""Files of tensors from anywhere: read, or one sentence; no code in them is run and no bomb unpacked."""

import json
import os
import pickle
import struct
import tracemalloc
import zipfile

import pytest
import safetensors.torch
import torch
from file_server import CONTENT

from face3d.depth.state_dict import read_state_dict
from face3d.errors import WeightsError

DAMAGED, NO_WEIGHTS = r"bad\.\w+ is damaged or no checkpoint", "holds no state dictionary"


def check_refused(path, sentence=DAMAGED):
    with pytest.raises(WeightsError, match=sentence) as caught:
        read_state_dict(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_tensors_come_back_from_both_formats(tmp_path):
    tensors = {"a.weight": torch.arange(6.0).reshape(2, 3)}
    torch.save(tensors, tmp_path / "plain.pt")
    torch.save(tensors, tmp_path / "former.pt", _use_new_zipfile_serialization=False)
    torch.save({"model": tensors, "optimizer": {}}, tmp_path / "training.pt")
    safetensors.torch.save_file(tensors, tmp_path / "safe.safetensors")
    for name in ("plain.pt", "former.pt", "training.pt", "safe.safetensors"):
        read = read_state_dict(tmp_path / name)
        assert list(read) == ["a.weight"]
        assert torch.equal(read["a.weight"], tensors["a.weight"])


class Malice:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("form", ["zip", "former", "bare", "bare, text"])
def test_code_in_a_checkpoint_is_never_run(tmp_path, form):
    path, content = tmp_path / "bad.pt", {"a": Malice(tmp_path / "made")}
    if form.startswith("bare"):
        path.write_bytes(pickle.dumps(content, 0 if "text" in form else None))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    check_refused(path)
    assert not (tmp_path / "made").exists()
    pickle.loads(pickle.dumps(content))
    assert (tmp_path / "made").exists()  # what any other reader would have done


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\3\4" + CONTENT[:200], CONTENT[:5000]])
def test_a_damaged_file_is_one_sentence(tmp_path, suffix, content):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    check_refused(path)


@pytest.mark.parametrize("form", ["zip", "former", "safetensors"])
def test_a_file_that_is_cut_is_one_sentence(tmp_path, form):
    whole, path = tmp_path / "whole", tmp_path / ("bad.safetensors" if form == "safetensors" else "bad.pt")
    if form == "safetensors":
        safetensors.torch.save_file({"a": torch.zeros(3)}, whole)
    else:
        torch.save({"a": torch.zeros(3)}, whole, _use_new_zipfile_serialization=form == "zip")
    data = whole.read_bytes()
    for length in (1, 10, 60, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        check_refused(path)


@pytest.mark.parametrize("member", ["archive/data.pkl", "archive/data/0"])
def test_a_zip_bomb_is_refused_without_unpacking_it(tmp_path, member):
    torch.save({"a": torch.zeros(3)}, tmp_path / "whole.pt")
    path = tmp_path / "bad.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if member != "archive/data.pkl":
            archive.writestr(
                "archive/data.pkl", zipfile.ZipFile(tmp_path / "whole.pt").read("whole/data.pkl")
            )
        archive.writestr("archive/version", "3\n")
        with archive.open(member, "w") as file:
            for _ in range(64):
                file.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    check_refused(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_an_archive_whose_members_overlap_is_refused(tmp_path):
    """One member, named in the directory again and again, is more than the file is large."""
    path = tmp_path / "bad.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data/0", bytes(5000))
        archive.filelist += archive.filelist * 3
    check_refused(path)


TWO = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
LYING = {
    "longer than the file": ({"a": TWO | {"data_offsets": [0, 2**60]}}, None),
    "a shape of more numbers": ({"a": TWO | {"shape": [2**40, 2**40]}}, None),
    "a negative shape": ({"a": TWO | {"shape": [-2]}}, None),
    "two tensors at one place": ({"a": TWO, "b": TWO}, None),
    "backwards": ({"a": TWO | {"data_offsets": [8, 0]}}, None),
    "an unknown type": ({"a": TWO | {"dtype": "Q9"}}, None),
    "a header of 9 EB": ({"a": TWO}, 2**63),
    "a header of 2 GB": ({"a": TWO}, 2**31),
    "no header": ({}, 0),
}


@pytest.mark.parametrize("case", LYING)
def test_a_header_that_lies_is_one_sentence(tmp_path, case):
    table, length = LYING[case]
    header = json.dumps(table).encode()
    said = struct.pack("<Q", len(header) if length is None else length)
    (tmp_path / "bad.safetensors").write_bytes(said + header + bytes(8))
    check_refused(tmp_path / "bad.safetensors")


NO_TENSORS = {
    "a list": [1, 2],
    "a training without a model": {"optimizer": {}},
    "numbers as names": {1: torch.zeros(2)},
    "a number": {"a": 3},
    "a sparse tensor": {"a": torch.zeros(2).to_sparse()},
    "a tensor without numbers": {"a": torch.empty(10**12, device="meta")},
    "complex numbers": {"a": torch.zeros(2, dtype=torch.complex64)},
}


@pytest.mark.parametrize("case", NO_TENSORS)
def test_what_is_no_table_of_tensors_is_one_sentence(tmp_path, case):
    torch.save(NO_TENSORS[case], tmp_path / "bad.pt")
    check_refused(tmp_path / "bad.pt", NO_WEIGHTS)
