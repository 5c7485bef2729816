"""Outputs of the face network with a given relief, for the tests of losses."""

import torch

from face3d.depth.face.interface import FaceMaps


def maps_of(relief):
    """All other outputs are zero."""
    shape = relief.shape
    zero = torch.zeros(shape)
    return FaceMaps(relief, zero, zero, zero, zero, torch.zeros(shape[0], 2, *shape[1:]), zero)
