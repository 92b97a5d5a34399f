"""The help of a command in the learner's language: its texts stand in the source in English, and are translated when
they are printed. Click's own words come from the same catalogue (tutor/plain/click_words.py lists them)."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import click

from tutor.display.language import LANGUAGES, N_, _, current_language, detect

VERSION = ["--version"]  # says the same in every language


def settle_language(arguments: Sequence[str]) -> str:
    """The language to speak: the one asked for with --lang anywhere, else the learner's own, else the locale's."""
    asked = asked_language(arguments)
    if asked is not None or list(arguments) == VERSION:
        return detect(asked)
    from tutor.course.data_folder import kept_language

    return detect(kept_language())


def asked_language(arguments: Sequence[str]) -> str | None:
    """The value of the last --lang, before a command is known and its options are read."""
    found = None
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        option, sign, value = argument.partition("=")
        language = value if sign else following
        if option == "--lang" and language in LANGUAGES:
            found = language
    return found


class HelpContext(click.Context):
    """Lays out help in terminal cells where its language has wide characters; English keeps Click's own layout."""

    def make_formatter(self) -> click.HelpFormatter:
        if current_language() == "en":
            return super().make_formatter()
        from tutor.plain.help_page import HelpPage

        return HelpPage(width=self.terminal_width, max_width=self.max_content_width)


class Command(click.Command):
    """A command with its help in the learner's language, an example of its use, and --lang."""

    context_class = HelpContext

    def __init__(self, *arguments: Any, example: str = "", **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.example = example
        # Its value is read by settle_language, before the command is known.
        text = N_("The language; without it the one you chose last, or the locale's.")
        self.params.append(click.Option(["--lang"], type=click.Choice(LANGUAGES), expose_value=False, help=text))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = N_("Show this message and exit.")  # Click keeps the translation that it made first
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        if current_language() == "en":
            return super().get_short_help_str(limit)
        return self._help().partition("\n")[0].partition("。")[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self._help())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        records = [_translated_record(option, ctx) for option in options]
        with formatter.section(_("Options")):
            formatter.write_dl(list(filter(None, records)))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.example:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(_("Example: {0}").format(self.example))

    def _help(self) -> str:
        return _(inspect.cleandoc(self.help or ""))


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def _translated_record(option: click.Option, ctx: click.Context) -> tuple[str, str] | None:
    """What Click prints of an option, with its help in the learner's language."""
    written = option.help
    option.help = _(written or "")
    try:
        return option.get_help_record(ctx)
    finally:
        option.help = written
