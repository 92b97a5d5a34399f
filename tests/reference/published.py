"""Randomly initialised models of Transformers in odd shapes, saved as a folder and run beside ours."""

from pathlib import Path

import numpy as np
import torch
import transformers

SEED = 7


def saved(model_class, config, folder: Path, dtype=torch.float32, **keywords):
    """A model with seeded weights, none of them the identity, written to a folder; its own attention in plain steps."""
    torch.manual_seed(SEED)
    transformers.logging.set_verbosity_error()
    config._attn_implementation = "eager"
    model = getattr(transformers, model_class)(config).eval()
    chance = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1 and not name.endswith("bias"):
                parameter.copy_(1 + 0.2 * torch.randn(parameter.shape, generator=chance))
            elif "embed_positions" not in name or model_class.startswith("Bart"):
                spread = 0.6 if parameter.ndim > 1 else 0.3
                parameter.copy_(
                    spread * torch.randn(parameter.shape, generator=chance) / max(1, parameter.shape[-1]) ** 0.3
                )
        for name, buffer in model.named_buffers():
            if name == "final_logits_bias":
                buffer.copy_(torch.randn(buffer.shape, generator=chance))
    model.to(dtype).save_pretrained(folder, **keywords)
    return model.float()


def agree(found, expected, what, real=None):
    """Equal to 1e-4; where `real` is given, at those positions alone."""
    expected = expected.detach().float().numpy()
    found, expected = (found, expected) if real is None else (found[real], expected[real])
    assert found.shape == expected.shape, what
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4, err_msg=what)
