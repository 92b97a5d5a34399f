"""From a look at a training to what its screen says: pure functions, no widget."""

from __future__ import annotations

from tutor.app.keys import Section
from tutor.app.training_watch import Frame
from tutor.app.widgets.key_line import Hint
from tutor.display.language import N_, _, ngettext, sentences
from tutor.display.numbers import number
from tutor.display.titles import long_title
from tutor.display.training import change_said, expectation, step_said, title_of, trouble

DECAYS = {
    "none": N_("no decay"),
    "inverse_sqrt": N_("√ decay"),
    "cosine": N_("cosine decay"),
}
FRESH = 10  # while it runs, for so many steps a new token of an answer is marked


def figures(frame: Frame) -> str:
    """The step, how many answers are right, the loss, the learning rate and the gradients' length."""
    parts = [_("step {0}").format(f"{frame.step:,}"), _("{0} of {1} right").format(frame.right, len(frame.answers))]
    if frame.last is not None:
        parts.append(_("loss {0}").format(number(frame.last.loss, 3)))
    parts.append(_("learning rate {0}").format(f"{frame.rate:.3g}"))
    if frame.last is not None:
        parts.append(_("gradients {0} long").format(number(frame.last.length, 3)))
    return " · ".join(parts)


def remark(frame: Frame, running: bool) -> str:
    """What is to be said of it: what is wrong, what the last step did, what to do next."""
    if wrong := trouble(frame.failure, frame.risen):
        return sentences(wrong, _("r begins anew."))
    if frame.stepped is not None:
        step = frame.stepped
        said = step_said(step.before, step.after, step.progress.length, step.progress.learning_rate)
        return f"{said} · {change_said(frame.cell, step.old, step.new)}"
    if frame.sabotage:
        return expectation(frame.sabotage)
    if frame.step and not frame.rate:
        return _("The schedule is at its end: the learning rate is 0, so nothing moves any more.")
    if not frame.step and frame.warmup:
        told = _("Warm-up: the learning rate rises evenly for {0} steps to {1}, as drawn below.")
        return sentences(told.format(frame.warmup, f"{frame.peak:.3g}"), _("space: train"))
    if frame.step and frame.warmup and frame.rates[0] >= frame.peak:
        return _("A warm-up counts from the first step, which is long taken: r begins anew with it.")
    if frame.step and frame.warmup and frame.step < frame.warmup and not running:
        told = _("Paused at step {0} of {1} of the warm-up.")
        return sentences(told.format(frame.step, frame.warmup), _("space: train"))
    if not frame.step:
        told = _("Random weights, so random answers: a loss of about ln {0} is pure guessing.")
        return sentences(told.format(frame.vocabulary), _("space: train"))
    if frame.right == len(frame.answers) and frame.smoothing:
        return _("It knows them all. With smoothing the loss stays above 0: every token wants its share of the target.")
    if frame.right == len(frame.answers) and frame.dropout:
        return _("It knows them all. The loss jumps, for it is measured with numbers dropped; the answers are not.")
    if frame.right == len(frame.answers):
        return _("It knows them all by heart. The loss goes on falling: it grows surer. b breaks it on purpose.")
    return "" if running else _("Paused. s takes a single step; ← → change the learning rate.")


def title_left(recipe: str, frame: Frame, running: bool) -> str:
    """Which training, what is special about it, and whether it runs."""
    parts = [f"{_('training')} ▸ {recipe}"]
    if frame.smoothing:
        parts.append(_("label smoothing {0}").format(f"{frame.smoothing:g}"))
    if frame.dropout:
        parts.append(_("dropout {0}").format(f"{frame.dropout:g}"))
    if frame.warmup:
        parts.append(_("warm-up {0}").format(frame.warmup))
    if frame.decay != "none":
        parts.append(_(DECAYS[frame.decay]))
    return " · ".join([*parts, _("running") if running else _("paused")])


def title_right(frame: Frame, speed: int) -> str:
    """Which random weights it began from, and how fast it goes."""
    pace = ngettext("{n} step a picture", "{n} steps a picture", speed).format(n=speed)
    return f"{_('seed {0}').format(frame.seed)} · {pace}"


def warning(frame: Frame) -> str:
    """What must not be overlooked."""
    return " · ".join(part for part in (_("broken") if _is_broken(frame) else "", title_of(frame.sabotage)) if part)


def _is_broken(frame: Frame) -> bool:
    return frame.failure is not None or frame.risen


def schedule_title(frame: Frame) -> str:
    """What stands below the loss, where the learning rate changes; empty where it does not."""
    return _("learning rate · ▲ now") if frame.has_schedule else ""


def map_title(frame: Frame) -> str:
    """Which table's rows the plane shows, and how much of their spread."""
    side = _("decoder") if frame.picture.table.startswith("decoder") else _("encoder")
    return _("embeddings, {0} · {1} % of their spread").format(side, round(100 * frame.picture.share))


def attention_title(frame: Frame) -> str:
    """Whose attention the matrix shows."""
    title = long_title(frame.attention.name)
    heads = frame.attention.shape[0]
    return title if heads == 1 else f"{title} · " + _("head {0}/{1}").format(frame.head + 1, heads)


def hints(running: bool, done: bool = False) -> tuple[Hint, ...]:
    """The keys that help now; first of all the way back, once what the lesson asked for is `done`."""
    back = (Hint("esc", _("✓ done: back to the lesson"), "screen.leave"),) if done else ()
    return (
        *back,
        Hint("space", _("pause") if running else _("train"), "screen.run"),
        Hint("s", _("one step"), "screen.single"),
        Hint("← →", _("rate"), "screen.rate(2)"),
        Hint("w", _("warm-up"), "screen.warmup(1)"),
        Hint("b", _("break it"), "screen.sabotage"),
        Hint("r", _("anew"), "screen.restart"),
        Hint("enter", _("open the numbers"), "screen.open"),
        Hint("1-4", _("pair"), "screen.next_pair"),
        Hint("[ ]", _("attention"), "screen.attention(1)"),
        Hint("tab", _("pane"), "screen.next_pane(1)"),
        Hint("?", _("keys"), "screen.help"),
    )


def training_keys() -> list[Section]:
    """Every key of the training screen."""
    return [
        (
            _("Train"),
            [
                ("space", _("train; pause")),
                ("s  n", _("one single step, and what it changed")),
                ("↑ ↓", _("more, fewer steps from one picture to the next")),
                ("r", _("anew, from other random weights")),
            ],
        ),
        (
            _("Change something"),
            [
                ("← →", _("half the learning rate, twice the learning rate")),
                ("w W", _("a longer warm-up, a shorter one: the rate rises over so many steps")),
                ("d", _("how the rate falls after it: not at all, with the root of the step, along a cosine")),
                ("b", _("break it on purpose")),
            ],
        ),
        (
            _("Look"),
            [
                ("enter", _("open the model as it is now: every number of it")),
                ("1 2 3 4", _("the pair whose attention is shown")),
                ("[ ]", _("attention before, next attention")),
                ("e", _("embeddings of the decoder, of the encoder")),
                ("l", _("the loss on a logarithmic scale, and back")),
                ("tab  shift+tab", _("next pane, pane before")),
            ],
        ),
        (_("Around"), [("F2", _("中文 / English")), ("esc", _("back")), ("ctrl+q", _("quit; nothing is lost"))]),
    ]
