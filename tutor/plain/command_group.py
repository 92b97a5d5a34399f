"""What all commands share: bad input is answered with one line and a status other than zero, never with a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from tutor.display.language import N_, _, current_language, set_language
from tutor.plain.command_help import Group, settle_language

# What an operating system says of a file, as far as it is common
NO_FILE = (
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("File exists"),
    N_("No space left on device"),
    N_("Read-only file system"),
)


class Commands(Group):
    """All commands: settles the language first, and answers bad input with one line and a status other than zero."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **extra: Any) -> Any:  # type: ignore[override]
        extra["standalone_mode"] = False
        arguments = list(sys.argv[1:] if args is None else args)
        set_language(settle_language(arguments))
        try:
            status = super().main(arguments, *others, **extra)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "tutor"
            message = error.format_message().rstrip(".。").replace("。 ", "。")
            _fail(_("{0}: {1} ({0} --help)").format(path, message))
            status = error.exit_code
        except click.ClickException as error:
            _fail(_("{0}: {1}").format("tutor", error.format_message()))
            status = error.exit_code
        except click.Abort:
            status = 130
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            line = _known(error)
            if line is None:
                raise
            raise click.ClickException(line) from error


def _fail(line: str) -> None:
    """Print one line on the error stream; what was typed may be part of it, and is foreign text."""
    from tutor.display.safe import safe

    click.echo(safe(" ".join(line.split())), err=True)


def _known(error: Exception) -> str | None:
    """The one line of an error that bad input can cause; None for a defect of ours, which keeps its traceback."""
    if isinstance(error, OSError):
        named = error.filename and error.strerror
        return _("{0}: {1}").format(error.filename, _(str(error.strerror))) if named else str(error)
    from tutor.course.errors import LessonError, ProgressError
    from tutor.course.programs import ProgramError
    from tutor.display.messages import said, translated
    from tutor.engine.backend import BackendError
    from tutor.engine.config import ConfigError
    from tutor.engine.ops.base import OperationError
    from tutor.engine.trace import TraceError
    from tutor.models.errors import ModelError

    if isinstance(error, ProgressError):
        return error.text.get(current_language())
    if isinstance(error, LessonError):
        more = len(error.problems) - 1
        return error.problems[0].one_line(translated) + (" " + _("(and {0} more)").format(more) if more else "")
    if isinstance(error, BackendError | ConfigError | OperationError | ProgramError | TraceError | ModelError):
        return said(error)
    return None


def checked_sentence(context: click.Context, parameter: click.Parameter, sentence: str | None) -> str | None:
    """The sentence, or what standard input holds for `-`. Refuses one without a single character to work on."""
    if sentence == "-":
        sentence = sys.stdin.read().rstrip("\n")
    if sentence is not None and not sentence.strip():
        raise click.UsageError(_('the sentence is empty; give a few words, such as "I am a student"'))
    return sentence


def settings(context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, Any]:
    """The callback of `--set key=value`."""
    return settings_of(pairs)


def settings_of(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` pairs as fields of the config: true, false, a number, a word, or words with commas between."""
    from tutor.engine.config import TransformerConfig, check_field_names

    found: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign:
            raise click.UsageError(_("a setting is key=value, such as causal_mask=false, not {0!r}").format(pair))
        check_field_names({key: text})
        found[key] = _setting(text, type(getattr(TransformerConfig(), key)))
    return found


def _setting(text: str, kind: type) -> Any:
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return kind(text)
    except ValueError:
        return text  # the config says what the field may be
