"""The engine stands alone: NumPy, the standard library, and nothing of ours above it."""

import subprocess
import sys

import pytest

MODULES = "tutor.engine.transformer tutor.engine.decoding tutor.engine.backend tutor.engine.ops".split()


@pytest.mark.parametrize("module", MODULES)
def test_the_engine_imports_numpy_and_itself_only(module):
    code = f"import {module}, sys; print(*sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = result.stdout.split()
    ours = [name for name in loaded if name.startswith("tutor.")]
    assert all(name.startswith("tutor.engine") for name in ours), ours
    outside = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    known = {"numpy", "tutor", "__main__", "__mp_main__"}
    unknown = {name for name in outside if name not in known and not name.startswith(("_", "sitecustomize"))}
    assert not unknown & {"textual", "rich", "yaml", "click", "msgspec", "torch", "jax", "cupy", "safetensors"}
    assert "array_api_compat" not in outside, "importing it costs 70 ms that NumPy does not need"
