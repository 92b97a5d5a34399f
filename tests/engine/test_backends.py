"""One suite for every array library: each operation and whole models give what NumPy gives.

`array-api-strict` allows nothing beyond the Array API standard, so what passes on it passes elsewhere.
"""

import sys
import types

import numpy as np
import pytest

from tests.engine import small
from tests.engine.test_operations import DEFINITIONS, operands_of
from tutor.engine import backend as backends
from tutor.engine.backend import Backend, BackendError, load_backend
from tutor.engine.decoding import greedy
from tutor.engine.ops import OPERATIONS
from tutor.engine.recorder import Recorder
from tutor.engine.transformer import run


def strict() -> Backend:
    xp = pytest.importorskip("array_api_strict")

    def asarray(array):
        return array if isinstance(array, type(xp.zeros(1))) else xp.asarray(np.asarray(array))

    return Backend("strict", asarray, np.asarray)


def library(name: str) -> Backend:
    if name == "strict":
        return strict()
    if name != "numpy":
        pytest.importorskip(name)
    if name in ("torch", "cupy"):
        pytest.importorskip("array_api_compat")
    try:
        return load_backend(name)
    except BackendError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["numpy", "strict", "torch", "jax", "cupy"])
def backend(request):
    return library(request.param)


FAR = ["relu", "gelu", "gelu_tanh", "silu", "tanh", "softmax"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation(backend, name):
    params = DEFINITIONS[name][1] | ({"dtype": "float32"} if name == "sinusoid" else {})
    operands = operands_of(name, dtype="float32")
    expected = OPERATIONS[name].forward(*operands, **params)
    arrays = [backend.asarray(operand) for operand in operands]
    found = OPERATIONS[name].forward(*arrays, **params)
    assert isinstance(found, type(arrays[0]) | np.generic)  # a mean of all is a NumPy scalar
    value = backend.to_numpy(found)
    assert type(value) is np.ndarray and value.dtype == expected.dtype
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-6)
    for array, operand in zip(arrays, operands, strict=True):
        np.testing.assert_array_equal(backend.to_numpy(array), operand, "an operand was written to")


@pytest.mark.parametrize("name", FAR)
def test_far_out_numbers(backend, name):
    x = np.array([[-1e4, -88.0, -12.0, -1.0, 0.0, 1.0, 12.0, 88.0, 1e4]], dtype=np.float32)
    expected = OPERATIONS[name].forward(x.astype(np.float64))
    value = backend.to_numpy(OPERATIONS[name].forward(backend.asarray(x)))
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


def test_a_forbidden_row_is_zeros(backend):
    x = np.array([[-np.inf, -np.inf], [-np.inf, 3.0]], dtype=np.float32)
    value = backend.to_numpy(OPERATIONS["softmax"].forward(backend.asarray(x)))
    np.testing.assert_array_equal(value, [[0, 0], [0, 1]])


MODELS = ["2017", "wide heads", "gelu", "rms", "gated", "heads off", "no masks", "BERT", "GPT-2", "no positions"]


@pytest.mark.parametrize("name", ["series by instant", "series by variable", "series by patch"])
def test_series(backend, name):
    config = small.config(**small.CONFIGS[name])
    weights, right = small.weights(config), small.classes(config)
    ours, theirs = Recorder(weights), Recorder(weights, backend)
    for record in (ours, theirs):
        run(record, config, small.series(config), task_targets=right)
    for node, expected in ours.nodes.items():
        np.testing.assert_allclose(theirs.nodes[node].value, expected.value, atol=5e-5, err_msg=node)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batched", [False, True])
def test_whole_models(backend, name, batched):
    config = small.config(**small.CONFIGS[name])
    ids = [small.PADDED, (3, 3, 0, 0, 0)] if batched else small.PADDED
    target = [small.TARGET, (1, 7, 7)] if batched else small.TARGET
    target = target if config.architecture == "encoder_decoder" else None
    weights = small.weights(config)
    ours, theirs = Recorder(weights), Recorder(weights, backend)
    run(ours, config, ids, target)
    last = run(theirs, config, ids, target)
    assert type(last.array) is type(backend.asarray(np.zeros(1)))
    for node, expected in ours.nodes.items():
        value = theirs.nodes[node].value
        assert type(value) is np.ndarray
        np.testing.assert_allclose(value.astype(float), expected.value.astype(float), atol=5e-5, err_msg=node)


def test_explanations_and_changes(backend):
    config = small.config()
    change = {"encoder.output": lambda x: x * 2, "decoder.0.self_attention.query.bias": np.ones(6)}
    trace = small.trace(config, small.PADDED, backend=backend, change=change)
    for name in ("encoder.output", "decoder.0.cross_attention.weights", "decoder.0.cross_attention.masked", "logits"):
        for index in small.indices(trace[name]):
            small.check_cell(trace, name, index)
    expected = small.trace(config, small.PADDED, change=change)
    np.testing.assert_allclose(trace["probabilities"].value, expected["probabilities"].value, atol=1e-5)


def test_greedy(backend):
    config = small.config()
    weights = small.weights(config, 3)
    answer = greedy(weights, config, [4, 5, 3], 3)
    assert answer and greedy(weights, config, [4, 5, 3], 3, backend) == answer


def test_operands_that_do_not_fit_are_named(backend):
    record = Recorder({}, backend)
    a = record.input("a", np.ones((2, 3), dtype=np.float32), ("row", "column"))
    b = record.input("b", np.ones((2, 4), dtype=np.float32), ("row", "column"))
    for name in ("add", "multiply", "matmul"):
        with pytest.raises(ValueError, match="^c: "):
            record("c", OPERATIONS[name], a, b)


def hide(monkeypatch, *names):
    """Make packages look as if they were not installed."""
    for name in [m for m in sys.modules if m.partition(".")[0] in names]:
        monkeypatch.delitem(sys.modules, name)

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] in names:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])


@pytest.mark.parametrize(
    ("name", "package", "install"),
    [
        ("torch", "torch", "pip install torch array-api-compat"),
        ("cupy", "cupy", "pip install cupy-cuda12x array-api-compat"),
        ("jax", "jax", "pip install jax"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(monkeypatch, name, package, install):
    pytest.importorskip("array_api_compat")
    hide(monkeypatch, package)
    with pytest.raises(BackendError) as error:
        load_backend(name)
    assert str(error.value).startswith(f"the {name} backend needs {package}, which is not installed")
    assert install in str(error.value) and "--backend numpy" in str(error.value)


@pytest.mark.parametrize("name", ["torch", "cupy"])
def test_a_missing_compatibility_layer_is_named(monkeypatch, name):
    hide(monkeypatch, "array_api_compat")
    with pytest.raises(BackendError, match=f"the {name} backend needs array_api_compat, .*array-api-compat"):
        load_backend(name)


def test_an_unknown_backend():
    with pytest.raises(BackendError, match="tensorflow: no such backend; choose one of auto, numpy, torch, cupy, jax"):
        load_backend("tensorflow")


def fake_cupy(monkeypatch, devices):
    def count():
        if isinstance(devices, Exception):
            raise devices
        return devices

    cupy = types.ModuleType("cupy")
    cupy.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=count))
    cupy.asarray = cupy.asnumpy = np.asarray
    monkeypatch.setitem(sys.modules, "cupy", cupy)


@pytest.mark.parametrize("devices", [0, RuntimeError("cudaErrorNoDevice")])
def test_no_device(monkeypatch, devices):
    pytest.importorskip("array_api_compat")
    fake_cupy(monkeypatch, devices)
    with pytest.raises(BackendError, match="CuPy is installed but sees no GPU: use --backend numpy"):
        load_backend("cupy")


def test_auto_falls_back_and_says_so(monkeypatch):
    def none(gpu=True):
        raise BackendError("none here")

    monkeypatch.setattr(backends, "_cupy", none)
    monkeypatch.setattr(backends, "_torch", none)
    found = load_backend("auto")
    assert (found.name, found.notice) == ("numpy", "no GPU answered: running on NumPy")
    assert load_backend("numpy").notice == load_backend().notice == ""


def test_auto_takes_the_gpu_that_answers(monkeypatch):
    pytest.importorskip("array_api_compat")
    fake_cupy(monkeypatch, 1)
    found = load_backend("auto")
    assert (found.name, found.notice) == ("cupy", "running on the GPU with cupy")
