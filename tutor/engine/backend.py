"""The one seam to NumPy, CuPy, PyTorch and JAX arrays, through the Python Array API standard (2023.12)."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from tutor.engine.message import Message

NAMES = ("auto", "numpy", "torch", "cupy", "jax")


class BackendError(ValueError):
    """A backend that is unknown, not installed, or has no device; the message says what to do."""


@dataclass(frozen=True)
class Backend:
    """Where arrays live. `notice` is a line for the learner when the choice was not the one asked for."""

    name: str
    asarray: Callable[[Any], Any]
    to_numpy: Callable[[Any], np.ndarray]
    notice: str = ""


def namespace(array: Any) -> Any:
    """The Array API namespace of `array`. NumPy 2 answers for itself; importing the compatibility layer costs 70 ms."""
    if type(array) is np.ndarray:
        return np
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    return importlib.import_module("array_api_compat").array_namespace(array)


def load_backend(name: str = "numpy") -> Backend:
    """The backend called `name`; `auto` takes a GPU where one answers and else NumPy, saying so in `notice`."""
    if name not in NAMES:
        raise BackendError(Message("{name}: no such backend; choose one of {names}", name=name, names=", ".join(NAMES)))
    if name != "auto":
        return {"numpy": _numpy, "torch": _torch, "cupy": _cupy, "jax": _jax}[name]()
    for candidate in (_cupy, _torch):
        try:
            backend = candidate(gpu=True)
        except BackendError:
            continue
        notice = Message("running on the GPU with {name}", name=backend.name)
        return Backend(backend.name, backend.asarray, backend.to_numpy, notice)
    return Backend("numpy", np.asarray, np.asarray, Message("no GPU answered: running on NumPy"))


def _numpy() -> Backend:
    return Backend("numpy", np.asarray, np.asarray)


def _import(name: str, module: str, packages: str, compatibility: bool = True) -> ModuleType:
    """The module of a backend, after the compatibility layer that its arrays need to speak the standard."""
    needed = ["array_api_compat", module] if compatibility else [module]
    for one in needed:
        try:
            found = importlib.import_module(one)
        except (ImportError, OSError) as error:  # OSError: installed, but a shared library of it is not
            missing = getattr(error, "name", None) or one.partition(".")[0]
            raise BackendError(
                Message(
                    "the {name} backend needs {missing}, which is not installed or does not load: "
                    "pip install {packages}, or use --backend numpy",
                    name=name,
                    missing=missing,
                    packages=packages,
                )
            ) from None
    return found


def _torch(gpu: bool = False) -> Backend:
    torch = _import("torch", "torch", "torch array-api-compat")
    if gpu and not torch.cuda.is_available():
        raise BackendError(Message("PyTorch sees no GPU: use --backend numpy"))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Backend(
        "torch",
        lambda array: torch.as_tensor(array if isinstance(array, torch.Tensor) else np.array(array), device=device),
        lambda array: array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else np.asarray(array),
    )


def _cupy(gpu: bool = True) -> Backend:
    cupy = _import("cupy", "cupy", "cupy-cuda12x array-api-compat")
    try:
        devices = cupy.cuda.runtime.getDeviceCount()
    except Exception:  # CuPy raises its own CUDARuntimeError, which differs by version
        devices = 0
    if not devices:
        raise BackendError(Message("CuPy is installed but sees no GPU: use --backend numpy"))
    return Backend("cupy", cupy.asarray, lambda array: cupy.asnumpy(array))


def _jax(gpu: bool = False) -> Backend:
    jax_numpy = _import("jax", "jax.numpy", "jax", compatibility=False)
    return Backend("jax", jax_numpy.asarray, np.asarray)


def plain_array(like: Any, value: Any, dtype: str) -> Any:
    """`value` (NumPy or numbers) as an array of `like`'s library and device, with the type called `dtype`."""
    if type(like) is np.ndarray:
        return np.asarray(value, dtype=dtype)
    xp = namespace(like)
    numbers = np.asarray(value, dtype=dtype)
    if type(like).__module__.startswith("jax"):  # a traced JAX array has no device to ask for
        return xp.asarray(numbers, dtype=getattr(xp, dtype))
    return xp.asarray(numbers, dtype=getattr(xp, dtype), device=like.device)


def exponential(x: Any) -> Any:
    """e to the power of each number of an array that nobody else holds: in its own memory where the library can."""
    return np.exp(x, out=x) if type(x) is np.ndarray and x.dtype.kind == "f" else namespace(x).exp(x)


def where_array(like: Any, value: Any) -> Any:
    """`value` as an array of `like`'s library, device and type."""
    if type(like) is np.ndarray:
        return np.asarray(value, like.dtype)
    return plain_array(like, value, str(like.dtype).rpartition(".")[2])


def scatter_rows(rows: int, ids: Any, values: Any) -> Any:
    """[rows, width] zeros with `values` [n, width] added to the rows `ids` [n]; rows may repeat."""
    if type(values) is np.ndarray:
        out = np.zeros((rows, values.shape[1]), values.dtype)
        order = np.argsort(ids, kind="stable")
        groups, starts = np.unique(ids[order], return_index=True)
        out[groups] = np.add.reduceat(values[order], starts, axis=0)
        return out
    xp = namespace(values)
    if type(values).__module__.startswith("torch"):
        return xp.zeros((rows, values.shape[1]), dtype=values.dtype, device=values.device).index_add(0, ids, values)
    asked = xp.astype(xp.expand_dims(xp.arange(rows, dtype=ids.dtype), axis=1) == ids, values.dtype)  # [rows, n]
    return xp.matmul(asked, values)


def row_sum(x: Any) -> Any:
    """The sum over the last axis, which stays as an axis of 1. For a short row NumPy's method beats its function."""
    if type(x) is np.ndarray:
        return x.sum(axis=-1, keepdims=True)
    return namespace(x).sum(x, axis=-1, keepdims=True)


def row_max(x: Any) -> Any:
    """The largest number along the last axis, which stays as an axis of 1."""
    if type(x) is np.ndarray:
        return x.max(axis=-1, keepdims=True)
    return namespace(x).max(x, axis=-1, keepdims=True)


def put_rows(array: Any, start: int, rows: Any) -> Any:
    """`array` [..., position, feature] with `rows` put in from position `start` on; in place where it can."""
    stop = start + rows.shape[-2]
    if type(array).__module__.startswith("jax"):
        return array.at[..., start:stop, :].set(rows)
    array[..., start:stop, :] = rows
    return array


def add_at(array: Any, places: Any, number: float) -> Any:
    """`array` with `number` added at the flat `places`, each of which stands once; in place where it can."""
    if type(array) is np.ndarray:
        array = np.ascontiguousarray(array)  # else to flatten it would be to copy it
        array.reshape(-1)[places] += number
        return array
    xp = namespace(array)
    if type(array).__module__.startswith("torch"):
        array = array.contiguous()
        array.view(-1)[places] += number
        return array
    width = array.shape[-1]
    rows = xp.reshape(array, (-1, width))
    columns = xp.expand_dims(places % width, axis=-1)  # [row, 1]
    asked = xp.arange(width, dtype=places.dtype) == columns  # [row, column]
    return xp.reshape(rows + xp.astype(asked, array.dtype) * number, array.shape)


# Abramowitz and Stegun 7.1.26 is good to 1.5e-7 only. This is the Chebyshev fit of erfc of Numerical Recipes
# (third edition, section 6.2.2), whose fractional error is below 1.2e-7 everywhere, also far out in the tail.
_ERFC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806,
    0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip


def erf(x: Any) -> Any:
    """The error function, elementwise. Float64 NumPy arrays go through `math.erf`; others are good to 1.2e-7."""
    if type(x) is np.ndarray and x.dtype == np.float64:
        return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), dtype=np.float64)
    xp = namespace(x)
    size = xp.abs(x)
    t = 1 / (1 + 0.5 * size)
    power = 0 * size
    for coefficient in reversed(_ERFC):
        power = power * t + coefficient
    tail = t * xp.exp(power - size * size)
    return xp.sign(x) * (1 - tail)
