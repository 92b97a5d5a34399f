"""Gradients and optimiser against PyTorch: autograd through a Transformer in PyTorch's terms, and its AdamW.

Every parameter of encoder-decoder, encoder-only and decoder-only configs: 1e-5 of the largest gradient of the tensor
in float32, 1e-9 in float64.
"""

import numpy as np
import pytest

from tests.engine import small
from tutor.bench.training_step import shape_of
from tutor.engine.training import Settings, State, adamw, begin, gradients, train
from tutor.models.weights import initialise

torch = pytest.importorskip("torch")
from tutor.bench.torch_autograd import SMOOTHING, batch_for, seeded, torch_gradients  # noqa: E402

SIZE = {"d_model": 24, "heads": 3, "d_ff": 40, "encoder_layers": 2, "decoder_layers": 2, "vocabulary": 31}
TOLERANCE = {"float32": 1e-5, "float64": 1e-9}


# Configs that read text; `tests/engine/test_gradient.py` holds the others to finite differences.
TEXT = [name for name, changes in small.CONFIGS.items() if not {"patch", "series", "choices"} & set(changes)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", TEXT)
def test_the_gradient_of_every_parameter(name, dtype):
    config = small.config(**SIZE | small.CONFIGS[name])
    weights, batch = seeded(config, dtype), batch_for(config)
    loss, found = gradients(weights, config, batch, Settings(smoothing=SMOOTHING))
    expected, theirs = torch_gradients(config, weights, batch)
    _loss, exact = torch_gradients(config, {key: array.astype("float64") for key, array in weights.items()}, batch)
    tolerance = TOLERANCE[dtype]
    assert loss == pytest.approx(expected, rel=tolerance)
    assert set(found) == set(theirs)
    largest = max(float(np.abs(slope).max()) for slope in theirs.values())
    for weight, slope in theirs.items():
        assert found[weight].dtype == dtype and found[weight].shape == slope.shape
        # The gradient of a key's bias is 0 but for rounding, which is that of the other gradients.
        scale = max(float(np.abs(slope).max()), 1e-2 * largest)
        # Without residuals the gradients themselves magnify rounding, PyTorch's as ours.
        rounding = 2 * float(np.abs(slope - exact[weight]).max())
        assert np.abs(found[weight] - slope).max() <= max(tolerance * scale, rounding), weight


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adamw(decay):
    """Twenty steps on the same made-up gradients, which change from step to step by orders of magnitude."""
    chance = np.random.default_rng(0)
    start = {"matrix": chance.standard_normal((5, 4)), "table": chance.standard_normal((6, 3))}
    settings = Settings(20, 0.01, 0, "none", decay, clip=0.0, epsilon=1e-8)
    state = begin(start)
    theirs = [torch.tensor(array, requires_grad=True) for array in start.values()]
    optimizer = torch.optim.AdamW(theirs, 0.01, (settings.beta_1, settings.beta_2), 1e-8, decay)
    for _step in range(20):
        slopes = {
            name: chance.standard_normal(array.shape) * 10 ** chance.uniform(-4, 2) for name, array in start.items()
        }
        adamw(state, slopes, settings)
        for tensor, slope in zip(theirs, slopes.values(), strict=True):
            tensor.grad = torch.tensor(slope)
        optimizer.step()
    for (name, ours), tensor in zip(state.weights.items(), theirs, strict=True):
        np.testing.assert_allclose(ours, tensor.detach().numpy(), rtol=1e-11, atol=1e-13, err_msg=name)


def test_clipping():
    chance = np.random.default_rng(0)
    slopes = {"a": chance.standard_normal((5, 4)), "b": chance.standard_normal(7)}
    state = State({name: np.zeros(slope.shape) for name, slope in slopes.items()})
    length = adamw(state, slopes, Settings(clip=0.5))
    theirs = [torch.zeros(slope.shape, dtype=torch.float64, requires_grad=True) for slope in slopes.values()]
    for tensor, slope in zip(theirs, slopes.values(), strict=True):
        tensor.grad = torch.tensor(slope)
    assert length == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, 0.5)))
    for moment, tensor in zip(state.first.values(), theirs, strict=True):
        np.testing.assert_allclose(moment, 0.1 * tensor.grad.numpy(), rtol=1e-5)


def test_training_goes_the_way_of_pytorchs_own_transformer():
    """`torch.nn.Transformer`, its loss, clipping and AdamW, from the same weights: the same losses step by step."""
    from tutor.bench.torch_transformer import Rival

    config, batch = shape_of((12, 2, 20, 2, 40, 6, 8))
    settings = Settings(steps=12, smoothing=0.1, learning_rate=3e-3, warmup=0, decay="none")
    weights = initialise(config, 0)
    rival = Rival(config, weights, settings)
    for progress in train(begin(weights), config, iter(lambda: batch, None), settings):
        assert progress.loss == pytest.approx(rival.step(batch), rel=2e-4)
    assert progress.step == 12
