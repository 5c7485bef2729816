"""The contact sheet shows every photo and fetches nothing; the table has every figure and no formula."""

import csv
import io
import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from PIL import Image

import convert
from face3d.batch.sheet import contact_sheet, table

NASTY = "<script>alert(1)\"'&\n.jpg"


class Cards(HTMLParser):
    """What a browser makes of a sheet: tags with their attributes, and the text of headings."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.names, self._inside = [], [], False
        self.feed(page.decode())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside |= tag == "h2"
        if tag == "h2":
            self.names.append("")

    def handle_endtag(self, tag):
        self._inside &= tag != "h2"

    def handle_data(self, data):
        if self._inside:
            self.names[-1] += data

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def line(name, **more):
    """A line of a manifest."""
    return {"photo": f"in/{name}", "name": Path(name).stem, "sha256": "ab", "seconds": 1.5} | more


def done(name, **report):
    figures = {"verdict": "open surface", "faces": 500, "size_mm": [100.0, 120.5, 80.0]} | report
    return line(name, report=figures, files={f"{Path(name).stem}_shell.glb": "cd"})


def test_no_name_and_no_error_becomes_markup(tmp_path):
    lines = [done(NASTY), line("b.jpg", error="<b>bad</b> & worse"), done(os.fsdecode(b"\xff.jpg"))]
    cards = Cards(contact_sheet(lines, tmp_path / "<out>", tmp_path / "sheet.html"))
    assert cards.names == [NASTY.replace("\n", "\\x0a"), "b.jpg", "?.jpg"]
    assert len(cards.of("script")) == 1 and not cards.of("b")
    assert [card.get("data-height") for card in cards.of("li")] == ["120.5", None, "120.5"]
    (policy,) = [meta["content"] for meta in cards.of("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'") and "connect-src" not in policy
    (first, _) = [unquote_to_bytes(link["href"]) for link in cards.of("a")]
    assert first.startswith(b"./<out>/") and b"alert(1)" in first


@pytest.mark.parametrize(
    ("stands", "angle", "said"),
    [
        (True, 31.6, "<dt>Stands</dt><dd>yes, it tips over at 32°</dd>"),
        (False, -2.0, "<dt>Stands</dt><dd>no, it tips over at 0°</dd>"),
        (None, None, ""),
    ],
)
def test_a_card_says_whether_the_model_stands_and_who_it_is(stands, angle, said, tmp_path):
    card = done("a.jpg", stands=stands, tipping_angle_degrees=angle, person="face 2 of 3")
    page = contact_sheet([card], tmp_path / "out", tmp_path / "sheet.html").decode()
    assert "<dt>Person</dt><dd>face 2 of 3</dd>" in page and said in page
    assert bool(said) == ("<dt>Stands</dt>" in page)


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-a.jpg", "@a.jpg"])
def test_no_cell_of_the_table_is_a_formula(name):
    (row,) = csv.DictReader(io.StringIO(table([{**line(name), "photo": name, "error": name}]).decode()))
    assert row["photo"] == row["error"] == f"'{name}'"[:-1]


def test_the_table_has_a_row_for_each_photo_and_a_column_for_each_figure():
    lines = [
        done("a.jpg", volume_cm3=None),
        line("b.jpg", error="It is bad."),
        done("c.jpg", texture_wh=[1, 2]),
    ]
    a, b, c = csv.DictReader(io.StringIO(table(lines).decode()))
    assert (a["width_mm"], a["height_mm"], a["depth_mm"], a["volume_cm3"]) == ("100.0", "120.5", "80.0", "")
    assert b["error"] == "It is bad." and b["verdict"] == "" and c["faces"] == "500"
    assert "texture_wh" not in c


def test_a_run_writes_both_and_goes_on_with_them(network, photo_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photo_file(Path("in/one/a.jpg"))
    Path("in/b.png").write_bytes(b"no picture")
    call = ["in", "-r", "-o", "out", "--faces", "500", "--model", "shell", "--manifest", "run.jsonl"]
    call += ["--sheet", "seen/sheet.html", "--csv", "seen/table.csv"]
    assert convert.main(call) == 1
    sheet, rows = Path("seen/sheet.html").read_bytes(), Path("seen/table.csv").read_bytes()
    cards = Cards(sheet)
    assert cards.names == ["b.png", "one/a.jpg"]
    (picture,) = cards.of("img")
    assert picture["src"].startswith("data:image/webp;base64,")
    links = ["./../out/one/a_shell.glb", "./../out/one/a_shell_report.json"]
    assert [link["href"] for link in cards.of("a")] == links
    assert all(Path("seen", link).is_file() for link in links)
    assert "<dt>Person</dt><dd>face 1 of 1</dd>" in sheet.decode() and "<dt>Stands</dt>" not in sheet.decode()
    with Image.open("out/one/a_shell_strip.png") as strip:
        assert strip.size == (1920, 640) and strip.mode == "RGBA"
    assert convert.main([*call, "--resume"]) == 1
    assert [row["name"] for row in csv.DictReader(io.StringIO(rows.decode()))] == ["b", "one/a"]
    assert Cards(Path("seen/sheet.html").read_bytes()).of("img") == [picture]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--sheet", "face.jpg"], "--sheet writes face.jpg: give it a name that ends in .html."),
        (["--csv", "face.jpg"], "--csv writes face.jpg: give it a name that ends in .csv."),
        (["--csv", "face.jpg/a.csv"], "cannot be written: Not a directory"),
    ],
)
def test_no_photo_is_overwritten_by_an_overview(words, says, photo_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = photo_file(Path("face.jpg")).read_bytes()
    assert convert.main(["face.jpg", "-o", "out", *words]) == 1
    assert says in capsys.readouterr().err and Path("face.jpg").read_bytes() == before
