"""`tutor generate`: what a model writes, token by token as it comes, and the candidates of every step."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import click

from tutor.display.cache import cache_lines
from tutor.display.language import _, ngettext
from tutor.display.messages import translated
from tutor.display.safe import pad, safe
from tutor.display.search_tree import outline
from tutor.engine.choosing import STRATEGY_OF
from tutor.engine.decoding import Step
from tutor.models.generation import Generation
from tutor.models.model import Model
from tutor.plain.streams import working

LABEL_WIDTH = 12
WIDTHS = (9, 12, 9, 10, 9, 7)  # of a step's columns
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def chosen_settings(strategy: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the command line gives; with an option of it, the strategy need not be named.

    Raises UsageError for an option of another strategy.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if strategy is None:
            strategy = STRATEGY_OF[name]
        if strategy != STRATEGY_OF[name]:
            flag = "--" + name.replace("_", "-")
            wanted = STRATEGY_OF[name]
            raise click.UsageError(
                _("{flag} goes with --strategy {wanted}, not with {strategy}").format(
                    flag=flag, wanted=wanted, strategy=strategy
                )
            )
    return {"strategy": strategy or "greedy", **given}


def write(
    model: Model,
    sentence: str,
    settings: Mapping[str, Any],
    with_steps: bool,
    maximum: int | None,
    config: Mapping[str, Any] | None,
    backend: str,
) -> None:
    """Generate and print: the text alone, or every step and then the answers. Notices go to the error stream."""
    stream = _Stream(model)
    searching = settings["strategy"] == "beam" and not with_steps  # which shows nothing before it is done

    def on_step(step: Step) -> None:
        if step.number == 0 and not model.trained:
            line = _("{0} is untrained: its weights are random numbers, and so is what it writes")
            click.echo(line.format(safe(model.name)), err=True)
        if with_steps:
            _echo_step(step)
        elif not searching:
            stream.show(step)

    try:
        with working(_("searching")) if searching else nullcontext():
            found = model.generate(
                sentence, maximum=maximum, config=config, backend=backend, on_step=on_step, **settings
            )
    except BaseException:
        stream.close()
        raise
    if found.notice:
        click.echo(safe(translated(found.notice)), err=True)
    if with_steps:
        for line in (*tree_lines(found), *answer_lines(found)):
            click.echo(line)
    else:
        stream.finish(found.text)


class _Stream:
    """Text on the standard output as it grows. What may still change stays back: the bytes of half a character."""

    def __init__(self, model: Model) -> None:
        self._decode = model.target_tokenizer.decode
        self._shown = ""

    def show(self, step: Step) -> None:
        self._show(self._decode(step.hypotheses[0].ids).rstrip(REPLACEMENT))

    def finish(self, text: str) -> None:
        self._show(text)
        click.echo("")
        self._shown = ""

    def close(self) -> None:
        """End the line that an error or a key press cut off."""
        if self._shown:
            click.echo("")

    def _show(self, text: str) -> None:
        if text.startswith(self._shown):
            click.echo(safe(text[len(self._shown) :]), nl=False)
            sys.stdout.flush()
            self._shown = text


def _echo_step(step: Step) -> None:
    for line in step_lines(step):
        click.echo(line)
    sys.stdout.flush()


def step_lines(step: Step) -> Iterator[str]:
    """A step as a table: every candidate with its numbers and what became of it, the best first."""
    yield _("step {0}").format(step.number + 1)
    fates = {"kept": _("kept"), "ended": _("ended"), "dropped": ""}
    yield _row((_("token"), _("logit"), _("probability"), _("chance"), _("Σ log p"), _("score"), _("after"), ""))
    for candidate in step.candidates:
        yield _row(
            (
                safe(candidate.label),
                f"{candidate.logit:.3f}",
                f"{candidate.probability:.4f}",
                f"{candidate.chance:.4f}",
                f"{candidate.total:.3f}",
                f"{candidate.score:.3f}",
                str(candidate.parent + 1),
                fates[candidate.fate],
            )
        )
    yield from (f"  {line}" for line in cache_lines(step.work))
    yield ""


def _row(cells: tuple[str, ...]) -> str:
    label, *numbers, fate = cells
    line = "".join(pad(text, width, "right") for text, width in zip(numbers, WIDTHS, strict=True))
    return f"  {pad(label, LABEL_WIDTH)}{line}  {fate}".rstrip()


def tree_lines(found: Generation) -> Iterator[str]:
    """Who descends from whom among the hypotheses that survived a step; nothing where there was only one."""
    if found.settings.strategy != "beam":
        return
    yield _("the tree of hypotheses, each with its score; ✓ ended, × dropped")
    yield from (f"  {line}" for line in outline(found.steps))
    yield ""


def answer_lines(found: Generation) -> Iterator[str]:
    """The answers, the best first, each with its score and its probability."""
    yield ngettext("{n} answer", "{n} answers", len(found.answers)).format(n=len(found.answers))
    for answer in found.answers:
        cut = "" if answer.ended else "  " + _("(cut off)")
        numbers = _("score {0}, probability {1}").format(f"{answer.score:.3f}", f"{answer.probability:.3g}")
        yield f"  {safe(answer.text)}  {numbers}{cut}"
