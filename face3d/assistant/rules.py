"""The built-in assistant: rules on measured figures. Deterministic, offline."""

from __future__ import annotations

from face3d.assistant.advice import Advice, SettingAdvice, clamped
from face3d.assistant.measures import Measures, measure
from face3d.structures import DepthMap, DepthRepresentation, Photo

BLURRED = 0.0003
"""Sharpness below which a head is blurred: the NASA portrait has 0.0019, and 0.0001 after a Gaussian of a
hundredth of the head's width."""
NOISY = 6.0
"""Noise in grey levels that would be seen in the relief."""
DARK = 0.3
"""Light of a head that is under-exposed."""
CLIPPED = 0.1
"""Share of clipped pixels that leaves no shape to see."""
SMALL_PX, LARGE_PX = 150, 900
"""Widths of a head below and above which the usual number of triangles is wrong."""
TURNED = 0.3
UNSURE_PERCENT = 5.0
COVERED = 0.12
EYES_COVERED, FOREHEAD_COVERED, MOUTH_COVERED = 0.6, 0.1, 0.85
"""Shares of skin below which something covers the place: by the bundled network the eyes of the sample
portraits have 0.89 and more, with dark ellipses on them at most 0.35; their foreheads 0.34 and more, below
drawn hair 0; their mouths 1, behind a drawn microphone 0.68 to 1."""
SIDE_COVERED, SIDE_SEEN = 0.5, 0.8
"""Of one side, and of the other: the sides of those portraits have 0.94 and more, under drawn hair 0.26."""
LIT_FROM_ASIDE = 1.5
"""Light of one cheek over that of the other."""
NETWORK_PX = 200.0
"""Width of a head at the resolution of the bundled network."""
PERSON_MM = 300.0
"""Depth of head and shoulders from the nose on."""
FEW, MANY = 30_000, 150_000


def advise(photo: Photo, depth: DepthMap, face: int = 1) -> Advice:
    """Advice by rules. Never fails. face: the number of the one that is to be modelled."""
    measures = measure(photo, depth, face)
    (matte, matte_reason), (completion, completion_reason) = _matte(measures), _completion(measures)
    return Advice(
        contents=_contents(measures),
        problems=tuple(_problems(measures)),
        settings=tuple(_settings(measures, depth)),
        matte=matte,
        matte_reason=matte_reason,
        completion=completion,
        completion_reason=completion_reason,
        texture=_texture(measures),
        alternative_text=_alternative_text(photo, measures),
        by="rules",
    )


def _contents(measures: Measures) -> str:
    if measures.faces is None:
        return "It is not known whether the photo shows a face: the network does not look for faces."
    if not measures.faces:
        return "No face was found."
    count = "One face" if measures.faces == 1 else f"{measures.faces} faces"
    percent = 100 * (measures.head_share or 0.0)
    share = f"the head fills {percent:.0f} % of the photo's width"
    return f"{count}, {_direction(measures.turn)}; {share}."


def _direction(turn: float | None) -> str:
    if turn is None:
        return "of which not both eyes are seen"
    if abs(turn) <= TURNED / 2:
        return "seen from the front"
    side = "left" if turn < 0 else "right"
    return f"turned {'far ' if abs(turn) > TURNED else 'a little '}to the {side} of the picture"


def _problems(measures: Measures) -> list[str]:
    """One sentence each, the worst first."""
    said = []
    if measures.faces == 0:
        said.append(
            "Without a face neither size nor shape are known: choose another photo, or keep everything."
        )
    if not measures.faces or measures.head_px is None:
        return said
    if measures.cut_edges:
        edges = " and ".join(measures.cut_edges)
        made_up = ", unless it is completed" if measures.cut_edges != ("bottom",) else ""
        said.append(f"The head is cut by the photo's edge ({edges}): the model ends there{made_up}.")
    if measures.head_px < SMALL_PX:
        said.append(f"The head is {measures.head_px:.0f} pixels wide: a larger one gives more detail.")
    if measures.turn is None:
        said.append("Not both eyes are seen, so the size is a guess: take off dark glasses, or set a height.")
    elif abs(measures.turn) > TURNED:
        said.append("The head is turned: its far half is not seen and is a guess.")
    if measures.sharpness is not None and measures.sharpness < BLURRED:
        said.append("The head is blurred: fine shapes are lost.")
    if measures.noise is not None and measures.noise > NOISY:
        said.append("The photo is noisy: the noise shows as roughness.")
    said += _exposure(measures)
    said += (covered := _covered(measures))
    if measures.covered is not None and measures.covered > COVERED and not covered:
        said.append(
            f"The network is unsure over {100 * measures.covered:.0f} % of the head: hair, a hand or glasses?"
        )
    if measures.error_percent is not None and measures.error_percent > UNSURE_PERCENT:
        said.append(f"The stated error is large, {measures.error_percent:.1f} % of the head's width.")
    if measures.faces > 1:
        said.append(f"There are {measures.faces} people: the model is of one of them.")
    return said


def _covered(measures: Measures) -> list[str]:
    """What of a face hardly shows skin, of one that is not turned far: there the far side shows little."""
    skin = measures.skin
    if skin is None or (measures.turn is not None and abs(measures.turn) > TURNED):
        return []
    said = []
    if min(skin.left, skin.right) < SIDE_COVERED and max(skin.left, skin.right) > SIDE_SEEN:
        side = "left" if skin.left < skin.right else "right"
        said.append(f"The {side} side of the face in the picture is covered, as by hair or a hand.")
    elif skin.eyes < EYES_COVERED:
        said.append("Something covers the eyes, as dark glasses: the model has their shape.")
    if skin.mouth < MOUTH_COVERED:
        said.append("Something covers the mouth, as a beard, a microphone or a hand.")
    if skin.forehead < FOREHEAD_COVERED:
        said.append("Hair or a hat covers the forehead.")
    return said


def _exposure(measures: Measures) -> list[str]:
    if measures.bright is not None and measures.bright > CLIPPED:
        return ["The head is over-exposed, as by a flash: no shape is seen in the white parts."]
    if measures.light is not None and measures.light < DARK:
        return ["The head is under-exposed: little shape is seen in the dark parts."]
    return []


def _settings(measures: Measures, depth: DepthMap) -> list[SettingAdvice]:
    if not measures.faces or measures.head_px is None:
        return []
    found = [_smoothing(measures)]
    if measures.head_px < SMALL_PX:
        found.append(clamped("face_budget", FEW, "A small head has no more detail than this."))
    elif measures.head_px > LARGE_PX:
        found.append(clamped("face_budget", MANY, "A large head has detail for more triangles."))
    if measures.faces > 1:
        found.append(clamped("face", 1, "This person covers most of the picture."))
    if depth.representation is DepthRepresentation.RELATIVE_INVERSE and measures.camera_mm:
        ratio = round((measures.camera_mm + PERSON_MM) / measures.camera_mm, 2)
        far = f"The eyes are about {measures.camera_mm / 10:.0f} cm from the camera"
        found.append(clamped("near_far_ratio", ratio, f"{far}, and a person is about 30 cm deep."))
    return [setting for setting in found if setting]


def _smoothing(measures: Measures) -> SettingAdvice | None:
    assert measures.head_px is not None
    rough = measures.noise is not None and measures.noise > NOISY
    blurred = measures.sharpness is not None and measures.sharpness < BLURRED
    # Half a pixel of the network hides the steps between its pixels; noise and blur have nothing to lose.
    sigma = round(measures.head_px / NETWORK_PX * (1.0 if rough or blurred else 0.5), 1)
    reason = "Enough to hide the steps of the depth map, which has about 200 pixels across a head."
    if rough or blurred:
        reason = f"The photo is {'noisy' if rough else 'blurred'}: more smoothing loses no shape."
    return clamped("smoothing_px", min(max(sigma, 0.5), 8.0), reason)


def _matte(measures: Measures) -> tuple[str | None, str]:
    if measures.faces:
        return "face", "The bundled network finds this person."
    if measures.transparent:
        return "alpha", "The photo is cut out already."
    return ("none", "There is no person to cut out.") if measures.faces == 0 else (None, "")


def _completion(measures: Measures) -> tuple[str | None, str]:
    """An engine where one adds something to what the head model gives."""
    if not measures.faces or measures.head_px is None:
        return None, ""
    if set(measures.cut_edges) - {"bottom"}:
        return "symmetry", "The photo cuts the head: what is missing is continued beyond the photo's edge."
    skin = measures.skin
    if skin and _covered(measures) and min(skin.eyes, skin.left, skin.right) < EYES_COVERED:
        return "symmetry", "What covers the face can be completed from the other half, once it is marked."
    turned = measures.turn is not None and abs(measures.turn) > TURNED / 2
    if turned and measures.lit is not None and measures.lit > LIT_FROM_ASIDE:
        return "symmetry", "The light comes from one side: the seen half, in even light, colours the other."
    return None, ""


def _texture(measures: Measures) -> str:
    if measures.grey:
        return "The photo has no colours: print it in one material, or as a plaque."
    if _exposure(measures):
        return "The colours are those of the light: show the model as clay, or correct the photo first."
    return ""


def _alternative_text(photo: Photo, measures: Measures) -> str:
    height, width = photo.size_hw
    kind = "grey photo" if measures.grey else "photo"
    return f"A {kind} of {width} x {height} pixels. {_contents(measures)}"
