"""What the XMP metadata of a JPEG file says about depth in it: GDepth, and Dynamic Depth containers.

Sources: Adobe, "XMP specification part 3", 2020, 1.1.3 (JPEG; extended XMP); Google, "Depthmap metadata"
(GDepth); Google, "Dynamic Depth 1.0", 2019.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree

GDEPTH = "http://ns.google.com/photos/1.0/depthmap/"
DEPTH_MAP = "http://ns.google.com/photos/dd/1.0/depthmap/"
CAMERA = "http://ns.google.com/photos/dd/1.0/camera/"
CONTAINERS = {
    "http://ns.google.com/photos/dd/1.0/container/": "http://ns.google.com/photos/dd/1.0/item/",
    "http://ns.google.com/photos/1.0/container/": "http://ns.google.com/photos/1.0/container/item/",
}
"""Namespace of an item's properties, by that of the container."""
_XMP, _EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_GUID_BYTES, _PLACE_BYTES = 32, 8
_APP1, _SCAN = 0xE1, 0xDA
_DECLARATION = re.compile(r"<!(DOCTYPE|ENTITY)")


def depth_in_jpeg(jpeg: bytes) -> tuple[bytes, dict[str, str]] | None:
    """The file of the depth picture inside a JPEG file, and its properties by name; None without one.

    The properties are Format, Near, Far and Units of either specification, as text.
    Raises ValueError where the metadata name a depth picture that is not there.
    """
    roots = _metadata(jpeg)
    found: dict[str, str] = {}
    for root in roots:
        found |= _properties(root, GDEPTH)
    if "Data" in found:
        coded = re.sub(r"\s", "", found["Data"])
        return base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True), found
    for root in roots:
        for element in root.iter(f"{{{CAMERA}}}DepthMap"):
            found = _properties(element, DEPTH_MAP)
            if found.get("ItemSemantic", "Depth").lower() == "depth" and "DepthURI" in found:
                return _item(root, found["DepthURI"], jpeg), {"Units": ""} | found
    return None


def _metadata(jpeg: bytes) -> list[ElementTree.Element]:
    """The parsed XMP packets of a JPEG file, the extended one joined; a broken packet is passed over."""
    packets, parts = [], defaultdict(list)
    for body in _app1_segments(jpeg):
        if body.startswith(_XMP):
            packets.append(body[len(_XMP) :])
        elif body.startswith(_EXTENSION):
            at = len(_EXTENSION) + _GUID_BYTES
            start = int.from_bytes(body[at + 4 : at + _PLACE_BYTES])
            parts[body[len(_EXTENSION) : at]].append((start, body[at + _PLACE_BYTES :]))
    packets += [b"".join(part for _, part in sorted(found)) for found in parts.values()]
    roots = []
    for packet in packets:
        text = packet.decode(errors="replace").strip("\0 \r\n\t\ufeff")
        if _DECLARATION.search(text):  # XMP has none; entities can grow without end
            continue
        try:
            roots.append(ElementTree.fromstring(text))
        except ElementTree.ParseError:
            continue
    return roots


def _app1_segments(jpeg: bytes) -> Iterator[bytes]:
    """The bodies of the APP1 segments before the pixels."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != _SCAN:
        length = int.from_bytes(jpeg[at + 2 : at + 4])
        if jpeg[at + 1] == _APP1:
            yield jpeg[at + 4 : at + 2 + length]
        at += 1 if jpeg[at + 1] == 0xFF else 2 + length


def _properties(element: ElementTree.Element, namespace: str) -> dict[str, str]:
    """The properties of a namespace below an element, written as attributes or as elements."""
    prefix = f"{{{namespace}}}"
    found: dict[str, str] = {}
    for one in element.iter():
        written = [*one.attrib.items(), (one.tag, (one.text or "").strip())]
        found |= {name.removeprefix(prefix): text for name, text in written if name.startswith(prefix)}
    return found


def _item(root: ElementTree.Element, uri: str, jpeg: bytes) -> bytes:
    """The file of this address in a container, whose items follow the photo up to the end of the file."""
    items = [
        _properties(element, properties)
        for container, properties in CONTAINERS.items()
        for element in root.iter(f"{{{container}}}Item")
    ]
    end = len(jpeg)
    for item in reversed(items[1:]):  # the first is the photo itself
        end -= int(item.get("Padding") or 0)
        start = end - int(item.get("Length") or 0)
        if not 0 < start <= end:
            break
        if item.get("DataURI") == uri:
            return jpeg[start:end]
        end = start
    raise ValueError("the container has no such item")
