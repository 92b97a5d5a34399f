"""What a model's measured figures mean, in words that a learner understands."""

from collections.abc import Mapping

from tutor.display.language import N_, _
from tutor.display.safe import safe

# Each sentence with the figures that it speaks of; a share is told in per cent. All but the last few were measured on
# text or series that the model had not seen.
SENTENCES = (
    (
        N_("Against translations that it had not seen: {0} BLEU. 100 is the same words, below 10 little fits."),
        ("bleu_beam_4",),
    ),
    (N_("Of the next tokens of unseen text it guesses {0} rightly."), ("next_token_accuracy",)),
    (
        N_("Perplexity {0}: before each token it hesitates as if between so many equally likely ones."),
        ("perplexity",),
    ),
    (N_("Of hidden tokens it guesses {0} rightly."), ("masked_word_accuracy",)),
    (N_("For {0} of them the right one is among its first five."), ("masked_word_accuracy_top_5",)),
    (
        N_("Whether one line follows another it says rightly for {0} of the pairs; a coin gets 50 %."),
        ("next_sentence_accuracy",),
    ),
    (
        N_("It names the right class {0} of the time; to say the commonest always gets {1}."),
        ("accuracy", "accuracy_commonest_class"),
    ),
    (
        N_("Its forecasts are off by {0} of the usual spread on average; “the same as now” is off by {1}."),
        ("error", "error_same_as_last"),
    ),
    (N_("“The same as yesterday” is off by {0}."), ("error_same_as_yesterday",)),
    (
        N_("Loss on the few lines it learned: {0}. It has them by heart and was not measured on others."),
        ("training_loss",),
    ),
)
SHARES = ("accuracy", "top_5", "class")
LEFT_OUT = ("steps", "validation_loss", "bleu_greedy", "error_mean")  # told better by the others


def quality(measured: Mapping[str, float]) -> list[str]:
    """A sentence for each thing that was measured; a figure without words of its own by its name."""
    told: set[str] = set()
    said = []
    for sentence, names in SENTENCES:
        if all(name in measured for name in names):
            said.append(_(sentence).format(*(_figure(name, measured[name]) for name in names)))
            told.update(names)
    others = [name for name in measured if name not in told and name not in LEFT_OUT]
    if not said and not others and "validation_loss" in measured:
        others = ["validation_loss"]
    return [*said, *(f"{safe(name)} {measured[name]:g}" for name in others)]


def _figure(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name.endswith(SHARES) else f"{value:.3g}"
