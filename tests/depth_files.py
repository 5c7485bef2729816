"""Depth maps as files of every format that is read, and photos of phones with depth inside, for tests."""

import base64
import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image
from sample_files import encoded

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ORIENTATION = 0x0112


def png(levels_hw):
    """A PNG of uint8 or uint16 levels."""
    return encoded(levels_hw, "PNG")


def npy(array, **options):
    packed = io.BytesIO()
    np.save(packed, array, **options)
    return packed.getvalue()


def npy_claiming(header, body=b""):
    """An NPY file of version 1 with this text as its header."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def pfm(values_hw, order="<", kind=b"Pf"):
    rows, columns = values_hw.shape[:2]
    head = b"%s\n%d %d\n%s\n" % (kind, columns, rows, b"-1.0" if order == "<" else b"1.0")
    return head + values_hw[::-1].astype(f"{order}f4").tobytes()


def exr(channels, **header):
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION} | header
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.exr"
        OpenEXR.File(header, channels).write(str(path))
        return path.read_bytes()


def app1(body):
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def packet(inside, namespaces):
    """An XMP packet whose description has these attributes and elements."""
    names = " ".join(f'xmlns:{short}="{uri}"' for short, uri in namespaces.items())
    rdf = f'<rdf:RDF xmlns:rdf="{RDF}" {names}>{inside}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'


def phone_jpeg(photo_hwc, *segments, orientation=1, after=b""):
    """A JPEG with APP1 segments beside its EXIF, and bytes after its end."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    file = encoded(photo_hwc, "JPEG", exif=exif)
    return file[:2] + b"".join(map(app1, segments)) + file[2:] + after


GDEPTH = {"GDepth": "http://ns.google.com/photos/1.0/depthmap/"}
XMP = b"http://ns.adobe.com/xap/1.0/\0"


def gdepth(levels_hw, near="0.5", far="2.0", style="RangeInverse", units=None, data=None):
    """Segments with the depth map in the extended packet, in pieces, the later one first."""
    unit = "" if units is None else f'GDepth:Units="{units}"'
    main = f'<rdf:Description GDepth:Format="{style}" GDepth:Near="{near}" GDepth:Far="{far}" {unit}/>'
    data = base64.b64encode(png(levels_hw)).decode() if data is None else data
    more = packet(f'<rdf:Description GDepth:Data="{data}"/>', GDEPTH).encode()
    half = len(more) // 2
    pieces = [
        b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">II", len(more), start) + piece
        for start, piece in ((half, more[half:]), (0, more[:half]))
    ]
    return [XMP + packet(main, GDEPTH).encode(), *pieces]


def dynamic_depth(photo_hwc, levels_hw, units="Meters", length=None):
    """A JPEG with Dynamic Depth: the depth map between the photo and a second item."""
    depth, other = png(levels_hw), b"\xff\xd8other"
    place = "http://ns.google.com/photos/dd/1.0/"
    names = {
        short: f"{place}{short.lower()}/" for short in ("Device", "Container", "Item", "Camera", "DepthMap")
    }
    items = [
        ("primary", 0),
        ("android/depthmap", len(depth) if length is None else length),
        ("android/other", len(other)),
    ]
    listed = "".join(
        f'<rdf:li><Container:Item Item:Mime="image/png" Item:DataURI="{uri}" Item:Length="{size}"/></rdf:li>'
        for uri, size in items
    )
    inside = f"""<rdf:Description><Device:Container><Container:Directory><rdf:Seq>{listed}</rdf:Seq>
      </Container:Directory></Device:Container><Device:Cameras><rdf:Seq><rdf:li><Device:Camera>
      <Camera:DepthMap rdf:parseType="Resource"><DepthMap:Format>RangeLinear</DepthMap:Format>
      <DepthMap:ItemSemantic>Depth</DepthMap:ItemSemantic><DepthMap:Units>{units}</DepthMap:Units>
      <DepthMap:Near>0.5</DepthMap:Near><DepthMap:Far>2.0</DepthMap:Far>
      <DepthMap:DepthURI>android/depthmap</DepthMap:DepthURI></Camera:DepthMap>
      </Device:Camera></rdf:li></rdf:Seq></Device:Cameras></rdf:Description>"""
    return phone_jpeg(photo_hwc, XMP + packet(inside, names).encode(), after=depth + other)


def png_claiming(columns, rows):
    """A grey PNG whose header claims a size."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 16, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
