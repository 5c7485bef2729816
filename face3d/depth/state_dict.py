"""The tensors of a checkpoint's file, which may come from anywhere.

Nothing but tensors is unpickled, no more memory is taken than the file is large, and whatever is wrong with
it is one sentence.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from face3d.errors import WeightsError

__all__ = ["read_state_dict"]


def read_state_dict(path: Path) -> Mapping[str, Any]:
    """The tensors of a .safetensors or PyTorch file; nothing but tensors is ever unpickled.

    Of a checkpoint with an optimiser beside the model, the model's.
    Raises WeightsError where the file is damaged or no state dictionary.
    """
    try:
        content = _read(path)
    except MemoryError:
        raise
    except Exception as error:  # of damaged files PyTorch's unpickler raises errors of any kind
        raise WeightsError(
            f"{path} is damaged or no checkpoint. "
            "Name another, or remove it so that the published one is fetched again."
        ) from error
    if isinstance(content, dict) and "optimizer" in content:
        content = content.get("model")
    if not isinstance(content, dict) or not all(_is_weight(*item) for item in content.items()):
        raise WeightsError(f"{path} holds no state dictionary. Choose a checkpoint of this network.")
    return content


def _read(path: Path) -> Any:
    """What is in a file. Raises errors of any kind."""
    if path.suffix == ".safetensors":
        import safetensors.torch

        return safetensors.torch.load_file(path)
    import torch

    if zipfile.is_zipfile(path):
        _check_archive(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _check_archive(path: Path) -> None:
    """Raises ValueError for an archive that would take more memory than it is large: PyTorch's own files are
    not compressed.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("compressed")
    if sum(member.file_size for member in members) > path.stat().st_size:
        raise ValueError("members that overlap")


def _is_weight(name: object, value: object) -> bool:
    """Whether an entry is a named, dense tensor of real numbers that are there."""
    import torch

    return (
        isinstance(name, str)
        and isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and not value.is_complex()
    )
