"""Who imports whom. The rules stand in docs/architecture.md; this compares them with the code."""

import ast
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
FOLDERS = ("face3d", "page", "training", "benchmarks")
STORY = {"app.py", "convert.py", "depth_estimation.py", "generate_3d_model.py"}
MOST_LINES = 320


class Rule(NamedTuple):
    """One row of the page's table."""

    may_import: set[str]
    libraries: set[str]


def rows_after(header):
    """The rows of the page's table with this first cell, a list of cells each."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {header} |"))
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def names_in(cell):
    """The names in backticks."""
    return set(re.findall(r"`([^`]+)`", cell))


def module_name(path):
    """`face3d.depth.spec` of face3d/depth/spec.py, `face3d.depth` of face3d/depth/__init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {
    module_name(path): path
    for path in [*ROOT.glob("*.py"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]
}
TREES = {module: ast.parse(path.read_text()) for module, path in PATHS.items()}
OURS = {module.split(".")[0] for module in PATHS} | {"tests"}
RULES = {
    min(names_in(package)): Rule(names_in(allowed), names_in(libraries))
    for package, _, allowed, libraries in rows_after("package")
}


def names_imported(statements):
    """Whole names of the modules that import statements name."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "imports name their package"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in PATHS else node.module


def statements_run_on_import(tree):
    """Statements of a module outside functions, and outside `if TYPE_CHECKING`."""
    open_ends = list(tree.body)
    while open_ends:
        node = open_ends.pop()
        yield node
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        lazy |= isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not lazy:
            open_ends += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


IMPORTS = {module: set(names_imported(ast.walk(tree))) for module, tree in TREES.items()}
EAGER = {module: set(names_imported(statements_run_on_import(tree))) for module, tree in TREES.items()}


def row_of(module):
    """The longest name of the table that fits."""
    parts = module.split(".")
    fitting = [name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in RULES]
    return fitting[0] if fitting else None


def allowed(importer, imported):
    """Whether the table lets a module of the first row import one of the second."""
    for name in RULES[importer].may_import | {importer}:
        base = name.removesuffix(".*")
        if imported == base or (name.endswith(".*") and imported.startswith(f"{base}.")):
            return True
    return False


def reached(start, graph):
    """All names that importing the modules `start` brings in, libraries included."""
    found, open_ends = set(), set(start)
    while open_ends:
        name = open_ends.pop()
        found.add(name)
        open_ends |= graph.get(name, set()) - found
    return found


def libraries(names):
    """The libraries among imported names."""
    tops = {name.split(".")[0] for name in names}
    return tops - OURS - set(sys.stdlib_module_names)


def test_the_table_names_what_there_is():
    assert set(map(row_of, PATHS)) == set(RULES)
    named = {name.removesuffix(".*") for rule in RULES.values() for name in rule.may_import}
    assert named <= set(RULES)


@pytest.mark.parametrize("row", RULES)
def test_imports_are_those_of_the_table(row):
    wrong = {
        f"{module} imports {name}"
        for module in PATHS
        if row_of(module) == row
        for name in IMPORTS[module]
        if name.split(".")[0] in OURS
        if name.split(".")[0] == "tests" or not allowed(row, row_of(name))
    }
    assert not wrong


@pytest.mark.parametrize("row", RULES)
def test_libraries_are_those_of_the_table(row):
    used = {name: libraries(IMPORTS[name]) - RULES[row].libraries for name in PATHS if row_of(name) == row}
    assert {name: extra for name, extra in used.items() if extra} == {}


def test_only_the_page_and_its_benchmark_know_streamlit():
    assert {row for row, rule in RULES.items() if "streamlit" in rule.libraries} == {
        "app",
        "page",
        "benchmarks",
    }


def test_nothing_that_runs_may_import_training_or_benchmarks():
    for row, rule in RULES.items():
        if row not in ("training", "benchmarks"):
            assert not rule.may_import & {"training", "benchmarks", "page.local_server"}, row


def test_the_library_may_import_nothing_above_it():
    above = {row for row in RULES if row.split(".")[0] != "face3d"}
    for row, rule in RULES.items():
        if row.split(".")[0] == "face3d":
            assert not rule.may_import & above, row


def test_geometry_and_export_reach_neither_torch_nor_streamlit():
    start = {
        name for name in PATHS if row_of(name) in ("face3d.geometry", "face3d.export", "generate_3d_model")
    }
    assert not libraries(reached(start, IMPORTS)) & {"torch", "timm", "transformers", "streamlit"}


def test_what_is_loaded_at_the_start_is_listed():
    """torch, trimesh and others that take long are loaded where they are used."""
    listed = names_in(PAGE.split("loads these libraries and no other")[1].split("The modules of the page")[0])
    listed -= {"--help"}
    assert libraries(reached({"convert"}, EAGER)) == listed
    assert libraries(reached({"app"}, EAGER)) == listed | {"streamlit", "starlette"}


def test_no_module_reaches_itself():
    for module in PATHS:
        if row_of(module) not in ("training", "benchmarks", "page", "page.local_server"):
            assert module not in reached(IMPORTS[module], IMPORTS), module


def test_the_root_has_the_four_files_of_the_story():
    assert {path.name for path in ROOT.glob("*.py")} == STORY


def test_modules_stay_small():
    most = {min(names_in(path)): int(lines) for path, lines, _ in rows_after("longer module")}
    assert all((ROOT / path).exists() for path in most)
    for path in PATHS.values():
        name = path.relative_to(ROOT).as_posix()
        assert len(path.read_text().splitlines()) <= most.get(name, MOST_LINES), name
