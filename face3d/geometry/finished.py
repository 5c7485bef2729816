"""A mesh as a finished model: in millimetres, hollow or bent where asked, with its report."""

from __future__ import annotations

from dataclasses import dataclass, replace

from face3d.geometry import plates
from face3d.geometry.bend import bent
from face3d.geometry.clouds import above, point_cloud
from face3d.geometry.kinds import KINDS
from face3d.geometry.parts import AnimatedHead, HeadFigures
from face3d.geometry.relief import Relief
from face3d.geometry.report import MeshReport, mesh_report
from face3d.geometry.scale import Placement, to_metric_scale
from face3d.structures import Mesh, PointCloud

OUTSIDE_SHARE = 0.75
"""Share of a hollow model's triangles that its outside takes."""


@dataclass(frozen=True, eq=False)
class Model:
    """A finished model. mesh: in millimetres. placement: of mesh and points in the camera's frame.

    animated: of the kind `head`, its parts with their expressions, of which the mesh is the sum; else None.
    """

    kind: str
    relief: Relief
    mesh: Mesh
    placement: Placement
    report: MeshReport
    animated: AnimatedHead | None = None

    @property
    def exported(self) -> Mesh | AnimatedHead:
        """What files are written of: the parts where there are any."""
        return self.animated or self.mesh

    def points(self) -> PointCloud:
        """The point cloud of the same relief, in millimetres, at its place on the mesh; of a plate, of the
        mesh itself, which is not as deep as the relief. Of a solid that stands, nothing below its floor.
        """
        if KINDS[self.kind].plate:
            return plates.points_on_picture(
                self.mesh, min(self.relief.settings.point_budget, self.relief.known_hw.size)
            )
        cloud = self.placement.place(point_cloud(self.relief))
        return above(cloud, float(self.mesh.vertices_n3[:, 1].min())) if KINDS[self.kind].closed else cloud


def finished(relief: Relief, kind: str, mesh: Mesh, hollow: bool, head: HeadFigures | None = None) -> Model:
    """The model of a mesh in the camera's frame. head: how its head was fitted."""
    mesh, placement = to_metric_scale(mesh, relief)
    settings = relief.settings
    if hollow and settings.wall_mm is not None:
        from face3d.geometry.hollow import hollowed  # scikit-image and manifold3d, which take long

        inside = round((1 / OUTSIDE_SHARE - 1) * settings.face_budget)
        mesh = hollowed(mesh, settings.wall_mm, settings.drain_mm, inside)
    if KINDS[kind].of_light:
        mesh = bent(mesh, settings.lithophane_shape)
    asked = round(settings.face_budget / OUTSIDE_SHARE) if hollow else settings.face_budget
    report = replace(mesh_report(mesh, placement, kind, relief, head), triangles_asked=asked)
    return Model(kind, relief, mesh, placement, report)
