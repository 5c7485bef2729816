"""Who imports whom. A new import is a decision: it is written down here and in docs/architecture.md."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = {path.stem for path in ROOT.glob("*.py")} | {"steps", "viewer", "training", "benchmarks"}
FRONT_DOORS = {"app", "convert", "steps", "viewer"}


def imports_of(path: Path) -> set[str]:
    """Top-level names that a file imports, at any depth of indentation."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


GRAPH = {path.stem: imports_of(path) for path in ROOT.glob("*.py")}


def reached_from(module: str) -> set[str]:
    """Our own modules that importing `module` brings in, itself included."""
    found, open_ends = set(), {module}
    while open_ends:
        name = open_ends.pop()
        found.add(name)
        open_ends |= (GRAPH.get(name, set()) & MODULES) - found
    return found


def test_the_leaves_import_nothing_of_ours():
    assert GRAPH["errors"] & MODULES == set()
    assert GRAPH["stages"] & MODULES == {"errors"}


def test_networks_are_torch_and_nothing_else_of_the_pipeline():
    assert GRAPH["face_network"] & MODULES == {"errors"}
    assert reached_from("midas_networks") <= {
        "midas_networks",
        "midas_backbones",
        "networks",
        "network_spec",
        "stages",
        "errors",
    }


def test_geometry_and_export_need_neither_torch_nor_streamlit():
    for module in (
        "generate_3d_model",
        "export_3d_model",
        "certificate",
        "pictures",
        "figures",
        "photo",
        "networks",
    ):
        outside = set().union(*(GRAPH[name] for name in reached_from(module) if name in GRAPH))
        assert not outside & {"torch", "timm", "streamlit", "transformers"}, module


def test_only_the_page_knows_streamlit():
    for module, names in GRAPH.items():
        if "streamlit" in names:
            assert module in {"app", "inference_desk", "session_cache"}, module


def test_nothing_that_runs_imports_the_training():
    for path in [*ROOT.glob("*.py"), *(ROOT / "steps").glob("*.py"), *(ROOT / "viewer").glob("*.py")]:
        assert not imports_of(path) & {"training", "benchmarks", "tests", "numba", "local_server"}, path


def test_benchmarks_and_tests_meet_in_modules_of_the_project_only():
    for path in (ROOT / "benchmarks").glob("*.py"):
        assert not imports_of(path) & {"tests", "conftest", "visitor"}, path


def test_no_module_imports_a_front_door():
    for module in set(GRAPH) - FRONT_DOORS:
        assert not GRAPH[module] & FRONT_DOORS, module


def test_modules_stay_small():
    for path in ROOT.glob("*.py"):
        assert len(path.read_text().splitlines()) <= 420, path
