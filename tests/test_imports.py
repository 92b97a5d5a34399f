"""The one-way street of imports, and what importing costs: app, cli, plain -> course -> models -> engine."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ABOVE = {
    "engine": {"engine"},
    "models": {"models", "engine"},
    "course": {"course", "models", "engine"},
    "display": {"display", "engine"},
    "plain": {"plain", "display", "course", "models", "engine"},
    "app": {"app", "display", "course", "models", "engine"},
    "worksheet": {"worksheet", "plain", "display", "course", "models", "engine"},
}
OUTSIDE = {
    "engine": {"numpy", "array_api_compat", "torch", "cupy", "jax"},
    "models": {"numpy", "safetensors", "yaml"},
    "course": {"numpy", "msgspec", "yaml", "platformdirs", "fsrs"},
    "display": {"numpy", "rich", "texicode", "markdown_it"},
    "plain": {"numpy", "rich", "click", "markdown_it"},
    "app": {"numpy", "rich", "textual", "markdown_it"},
    "worksheet": {"numpy", "rich", "click", "msgspec", "markdown_it"},
}


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file; relative imports are not ours to use."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            # `from tutor.app import present` names a module, `from tutor.engine.trace import Trace` a class in one.
            yield from (
                (f"{node.module}.{alias.name}" for alias in node.names)
                if node.module == "tutor"
                else (node.module or "",)
            )


def modules(package: str) -> list[Path]:
    return sorted((ROOT / "tutor" / package).rglob("*.py"))


@pytest.mark.parametrize("package", ABOVE)
def test_imports_run_one_way(package):
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(package)
        for name in imported(path)
        if name.split(".")[0] == "tutor" and name != "tutor.__version__" and name.split(".")[1] not in ABOVE[package]
    ]
    assert modules(package)
    assert not wrong


@pytest.mark.parametrize("package", OUTSIDE)
def test_a_package_uses_only_the_libraries_it_may(package):
    known = OUTSIDE[package] | sys.stdlib_module_names | {"tutor"}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(package)
        for name in imported(path)
        if name.split(".")[0] not in known
    ]
    assert not wrong


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running `code`."""
    listing = f"{code}\nimport sys\nprint(*sorted(name.partition('.')[0] for name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import tutor", {"numpy", "textual", "rich", "yaml", "click", "msgspec", "torch"}),
        ("import tutor.cli", {"numpy", "textual", "rich", "yaml", "msgspec", "torch"}),
        ("import tutor.engine.transformer", {"textual", "rich", "yaml", "click", "msgspec", "safetensors", "torch"}),
        ("import tutor.models.registry", {"numpy", "textual", "rich", "click", "msgspec", "torch"}),
        ("import tutor.app.app", {"numpy", "torch", "fsrs"}),
    ],
)
def test_importing_is_cheap(code, absent):
    assert not loaded_by(code) & absent


def test_models_run_without_what_the_screens_need():
    # Engine and models must work on a bare machine with numpy, safetensors and PyYAML.
    code = "import tutor; tutor.load_model('proverbs').trace('马无夜草不肥')"
    assert not loaded_by(code) & {"textual", "rich", "click", "msgspec", "platformdirs", "torch"}
