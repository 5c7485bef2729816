"""The bundled face network as an ONNX file, computed by ONNX Runtime.

In about four fifths of the time that PyTorch takes for it, and without the seconds and the memory that
importing PyTorch takes.
"""

from __future__ import annotations

import json
from pathlib import Path

import onnxruntime

from face3d.depth.face.interface import Configuration, FaceMaps
from face3d.errors import WeightsError
from face3d.structures import Array

FEWEST_OUTPUTS = 7
"""Fields of `FaceMaps` that every face network gives."""


class OnnxNetwork:
    """A face network of `training.release.export_onnx`; see `FacePredictor`. Safe to call from threads."""

    def __init__(self, path: Path) -> None:
        """Raises WeightsError where the file is absent, damaged, or of another network."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what is wrong with a file is said by the error
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            told = self._session.get_modelmeta().custom_metadata_map
            self.configuration = Configuration.from_dict(json.loads(told["configuration"]))
        except Exception as error:  # onnxruntime's errors have no common base
            raise WeightsError(
                f"{path} is missing, damaged or not a face network. Restore it from the repository."
            ) from error
        names = tuple(output.name for output in self._session.get_outputs())
        if names != FaceMaps._fields[: max(len(names), FEWEST_OUTPUTS)]:
            raise WeightsError(f"{path} holds another network. Restore it from the repository.")

    def infer(self, rgb_nchw: Array) -> FaceMaps[Array]:
        """See `FacePredictor`."""
        return FaceMaps(*self._session.run(None, {"rgb": rgb_nchw}))
