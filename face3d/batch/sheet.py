"""The results of a run at a glance: one HTML file to look at, one CSV file to compute with."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote_from_bytes

from face3d.batch.inputs import shown
from face3d.export.strip import strip_uri

FOLDER = Path(__file__).parent
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""What the browser lets the file do: run what is inside, fetch nothing."""
STRIP, VIEWER, GLB, REPORT = "_strip.png", ".html", ".glb", "_report.json"
SORTS = (
    ("name", "Name", False),
    ("verdict", "Verdict", False),
    ("height", "Height", True),
    ("faces", "Triangles", True),
    ("seconds", "Seconds", True),
)
"""Key of the value, title of the button, whether it is a number."""
FORMULA = "=+-@\t\r"
"""First characters by which spreadsheets take a text for a formula (OWASP, CSV injection)."""
Line = Mapping[str, Any]


def contact_sheet(lines: Sequence[Line], output: Path, place: Path) -> bytes:
    """UTF-8 HTML: a card for each photo with its pictures and figures, to be sorted. It makes no request.

    lines: of the manifest. output: the folder of the files. place: where the sheet will be, for its links.
    """
    failed = sum("error" in line for line in lines)
    done = f"Converted: {len(lines) - failed}" + (f", failed: {failed}" if failed else "")
    buttons = "".join(
        f'<button type="button" data-key="{key}"{" data-numeric" * numeric} aria-pressed="false">'
        f"{title}</button>"
        for key, title, numeric in SORTS
    )
    cards = "\n".join(_card(line, output, place) for line in lines)
    title = escape(shown(output.name or str(output)))
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title}</title>
<style>{_text("sheet.css")}</style>
</head>
<body>
<h1>{title}</h1>
<p class="sum">{done}. Photo, depth map (near is light) and model of each.</p>
<div class="sort" role="group" aria-label="Sort" hidden>Sort by {buttons}</div>
<ol>
{cards}
</ol>
<script>{_text("sheet.js")}</script>
</body>
</html>
"""
    return page.encode("utf-8", "replace")


def table(lines: Iterable[Line]) -> bytes:
    """UTF-8 CSV: a row for each photo with all figures of its mesh report; empty where there is none."""
    rows = [_row(line) for line in lines]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _card(line: Line, output: Path, place: Path) -> str:
    """One photo: its pictures, name and verdict, and the figures that people ask for."""
    name, report = _name(line), line.get("report", {})
    size = report.get("size_mm") or (None, None, None)
    values = {
        "name": name,
        "verdict": escape(report.get("verdict", "")),
        "height": size[1],
        "faces": report.get("faces"),
        "seconds": line["seconds"],
    }
    data = "".join(f' data-{key}="{value}"' for key, value in values.items() if value is not None)
    if "error" in line:
        said = f"<p>{escape(line['error'])}</p>"
        return f'<li class="failed"{data}><div class="text"><h2>{name}</h2>{said}</div></li>'
    known = {
        "Person": report.get("person", ""),
        "Stands": _standing(report),
        "Size": "" if size[0] is None else " × ".join(f"{length:.0f}" for length in size) + " mm",
        "Triangles": f"{report['faces']:,}" if "faces" in report else "",
        "Volume": f"{report['volume_cm3']:,.0f} cm³" if report.get("volume_cm3") else "",
        "Network": report.get("network", ""),
        "Time": f"{line['seconds']:.1f} s",
    }
    figures = "".join(f"<dt>{title}</dt><dd>{escape(text)}</dd>" for title, text in known.items() if text)
    if (link := _link("mesh report", line, output, place, (REPORT,))) != "mesh report":
        figures += f"<dt>Figures</dt><dd>{link}</dd>"
    title = _link(name, line, output, place, (VIEWER, GLB))
    return (
        f'<li{data}>{_pictures(line, output)}<div class="text"><h2>{title}</h2>'
        f"<p>{escape(report.get('verdict', ''))}</p><dl>{figures}</dl></div></li>"
    )


def _name(line: Line) -> str:
    """The photo's file, in the folder that its files are in, for HTML."""
    return escape(shown(PurePosixPath(line["name"]).parent / Path(line["photo"]).name))


def _pictures(line: Line, output: Path) -> str:
    """The strip of a photo, in the file itself."""
    file = next((name for name in line["files"] if name.endswith(STRIP)), None)
    try:
        source = strip_uri((output / file).read_bytes()) if file else ""
    except OSError:
        source = ""
    if not source:
        return '<span class="none">no picture</span>'
    return f'<img src="{source}" alt="Photo, depth map and model of {_name(line)}" loading="lazy">'


def _standing(report: Mapping[str, Any]) -> str:
    """Whether the model stands, and from which tilt on it tips over; '' for an open surface."""
    stands, angle = report.get("stands"), report.get("tipping_angle_degrees")
    if stands is None or angle is None:
        return ""
    return f"{'yes' if stands else 'no'}, it tips over at {max(0.0, angle):.0f}°"


def _link(text: str, line: Line, output: Path, place: Path, endings: Sequence[str]) -> str:
    """HTML as a link to the first file with one of the endings, by its path from the sheet; else as it is."""
    for ending in endings:
        for file in line["files"]:
            if file.endswith(ending):
                path = os.path.relpath(output / file, place.parent).replace(os.sep, "/")
                return f'<a href="./{quote_from_bytes(os.fsencode(path))}">{text}</a>'
    return text


def _row(line: Line) -> dict[str, Any]:
    """A line of the manifest without what has parts; the size as three numbers."""
    row = {"photo": shown(line["photo"]), "name": line["name"], "sha256": line["sha256"]}
    row |= {"error": line.get("error", ""), "seconds": line["seconds"]}
    for key, value in line.get("report", {}).items():
        if key == "size_mm":
            row |= dict(zip(("width_mm", "height_mm", "depth_mm"), value or (None,) * 3, strict=True))
        elif not isinstance(value, list | dict):
            row[key] = value
    return row


def _cell(value: Any) -> Any:
    """A value as a spreadsheet takes it for what it is."""
    if isinstance(value, str) and value[:1] and value[0] in FORMULA:
        return "'" + value
    return value


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
