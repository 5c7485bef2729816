"""Laws of the random light."""

import numpy as np

from training.rendering import lighting


def lights_with(monkeypatch, *names):
    """Of many seeds, the lights that are drawn with just these names."""
    for name in lighting.CHANCE:
        monkeypatch.setitem(lighting.CHANCE, name, float(name in names))
    return [lighting.random_light(np.random.default_rng(seed)) for seed in range(40)]


def test_each_kind_of_light_is_one(monkeypatch):
    common = lights_with(monkeypatch)
    for light, has in lights_with(monkeypatch, "hard light"):
        assert has == {"hard light"}
        assert light.lights[0].shadow_softness == 0, "a sharp shadow"
        assert light.lights[0].wrap == 0
        assert light.ambient_3.max() < 0.45 * 0.7 * 1.15 + 1e-6
    for (before, _), (light, _) in zip(common, lights_with(monkeypatch, "back light"), strict=True):
        assert len(light.lights) == len(before.lights) + 1
        assert light.lights[-1].towards_3[2] < -0.15, "from behind"
    for (before, _), (light, _) in zip(common, lights_with(monkeypatch, "flash"), strict=True):
        assert len(light.lights) == len(before.lights) + 1
        assert light.lights[-1].towards_3[2] > 0.97, "from the camera"
    tint = [
        [light.lights[0].colour_3.max() / light.lights[0].colour_3.min() for light, _ in drawn]
        for drawn in (common, lights_with(monkeypatch, "coloured light"))
    ]
    assert np.median(tint[1]) > 1.5 * np.median(tint[0])
    assert np.std([light.ambient_3 for light, _ in common]) > 0.1
