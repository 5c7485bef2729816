import numpy as np
import trimesh

from face3d.geometry.rays import near_rays, ray_hits


def test_no_triangle_that_a_ray_meets_is_left_out():
    rng = np.random.default_rng(0)
    triangles_m33 = np.asarray(trimesh.creation.torus(2, 0.5).triangles)
    origins_k3, along_k3 = rng.normal(0, 1, (150, 3)), rng.normal(0, 1, (150, 3))
    along_k3 /= np.linalg.norm(along_k3, axis=1, keepdims=True)
    ray, triangle = (side.ravel() for side in np.indices((150, len(triangles_m33))))
    distance, inside = ray_hits(origins_k3[ray], along_k3[ray], triangles_m33[triangle])
    met = inside & (distance > 0)
    wanted = set(zip(ray[met].tolist(), triangle[met].tolist(), strict=True))
    near = [
        pair for batch in near_rays(origins_k3, along_k3, triangles_m33) for pair in zip(*batch, strict=True)
    ]
    assert len(wanted) > 30 and wanted <= set(near)
    assert len(near) == len(set(near)) < 0.2 * len(ray)
