"""A terminal tutor for the Transformer: every number of the model, walked home.

>>> import tutor
>>> model = tutor.load_model("translator")
>>> trace = model.trace("I am a student")
>>> trace.explain("encoder.0.self_attention.weights", (0, 1, 3)).evaluate()
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "load_model"]

if TYPE_CHECKING:
    from tutor.models.registry import load_model


def __getattr__(name: str) -> Any:
    """Load the models package on first use, so that `import tutor` costs next to nothing."""
    if name == "load_model":
        from tutor.models.registry import load_model

        return load_model
    raise AttributeError(f"module 'tutor' has no attribute {name!r}")
