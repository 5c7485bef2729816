"""README and docs agree with the code: commands, the notebook, the files and links that they name."""

import ast
import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

import convert
from face3d import bundled
from face3d.cluster.options import COMMAND, batch_arguments
from face3d.depth.registry import NETWORKS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = [
    path for folder in ("face3d", "page", "training", "benchmarks") for path in (ROOT / folder).rglob("*.py")
] + list(ROOT.glob("*.py"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
PYTHON = re.compile(r"\.venv(/bin/|\\Scripts\\)")
WIDTH = 110


def fences(page, language):
    """The code blocks of a page in one language, '' for none."""
    return [text for found, text in FENCE.findall(page.read_text()) if found == language]


def spans(page):
    """The words in backticks, a line's end in them a blank."""
    return [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", page.read_text()))]


def commands():
    """(page, words) of each command of ours in a code block or in backticks."""
    for page in PAGES:
        lines = [line for block in fences(page, "") for line in block.splitlines()] + spans(page)
        for part in (part for line in lines for part in line.split("&&")):
            text = PYTHON.sub("", part.strip().strip("()").removeprefix("$ "))
            words = shlex.split(text.replace("\\", "/"), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if len(words) > 1 and words[0] in ("python", "pip", "make", "photo-to-3d-face"):
                yield pytest.param(words, id=f"{page.name}: {' '.join(words)}")
            elif words == ["python", "convert.py"] or words == ["photo-to-3d-face"]:
                yield pytest.param(words, id=f"{page.name}: {words[-1]}")


def check_module(name, arguments):
    """The module is there; where it is ours, its source has each option and each command word."""
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"no module {name}"
    if name.split(".")[0] not in ("face3d", "training", "benchmarks"):
        return
    path = Path(spec.origin)
    source = (path.with_name("__main__.py") if path.name == "__init__.py" else path).read_text()
    assert '__name__ == "__main__"' in source, f"{name} is no command"
    for lender in re.findall(r"^from (\S+) import .*\badd_arguments\b", source, re.MULTILINE):
        source += Path(importlib.util.find_spec(lender).origin).read_text()
    for option in (word for word in arguments if word.startswith("--")):
        assert f'"{option}"' in source, f"{name} has no {option}"
    if name == "face3d.depth" and arguments:
        command, *names = arguments
        assert f'add_parser("{command}"' in source
        assert set(names) <= set(NETWORKS)


def understood(words):
    """The words after the name of the command line are its options, or those of its command `batch`."""
    if words[:1] == [COMMAND]:
        batch_arguments().parse_args(words[1:])
    else:
        convert.arguments().parse_args(words)


@pytest.mark.parametrize("words", list(commands()))
def test_commands_are_understood(words):
    tool, first, *rest = words if len(words) > 1 else [*words, "", ""]
    if tool == "photo-to-3d-face":
        understood(words[1:])
    elif tool == "make":
        assert re.search(rf"^{first}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif tool == "pip":
        assert first == "install"
        assert "-r" not in rest or (ROOT / rest[rest.index("-r") + 1]).is_file()
    elif first == "-m":
        check_module(rest[0], rest[1:])
    else:
        assert first == "convert.py"
        understood(rest)


def test_the_pages_hold_commands():
    """The test above is of nothing where they are no longer found."""
    assert len(list(commands())) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_in_backticks_are_options_of_some_command(page):
    sources = '"--help"' + "".join(path.read_text() for path in OURS)
    for option in {span.split()[0] for span in spans(page) if span.startswith("--")}:
        assert f'"{option}"' in sources, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_in_backticks_are_there(page):
    names = {path.name for path in OURS}
    for span in spans(page):
        if re.fullmatch(r"[\w./-]+\.py", span):
            assert (ROOT / span).is_file() or span in names, span
        elif re.fullmatch(r"(face3d|page|training|benchmarks|tests|docs|assets)/[\w./-]*", span):
            assert (ROOT / span).exists(), span


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_prose_is_at_most_as_wide_as_code(page):
    for line in FENCE.sub("", page.read_text()).splitlines():
        assert len(line) <= WIDTH or line.startswith(("|", "![")), line


def test_python_of_the_docs_is_python():
    for page in PAGES:
        for block in fences(page, "python"):
            ast.parse(block)


def test_the_notebook_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    (block,) = fences(ROOT / "README.md", "python")
    assert len([line for line in block.splitlines() if line]) == 10
    Image.open(bundled.sample_portraits()[0]).resize((160, 200)).save(tmp_path / "portrait.jpg")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "notebook"})
    assert capsys.readouterr().out.startswith("closed")
    assert (tmp_path / "portrait.glb").read_bytes().startswith(b"glTF")
