"""From a lesson and a sentence to a worksheet, and from there to files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tutor.course.lesson_file import load_lesson
from tutor.course.schema import Lesson
from tutor.display.language import _, listed
from tutor.plain.source import Source
from tutor.worksheet.blank import blank_blocks
from tutor.worksheet.blocks import Worksheet
from tutor.worksheet.html import key_html, sheet_html
from tutor.worksheet.markdown import key_markdown, sheet_markdown
from tutor.worksheet.sections import Sections

SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}
WRITERS: dict[str, tuple[Callable[..., str], Callable[[Worksheet], str]]] = {
    "html": (sheet_html, key_html),
    "md": (sheet_markdown, key_markdown),
}


@dataclass(frozen=True)
class Wanted:
    """What a sheet is to be made of."""

    sentence: str | None = None
    target: str | None = None
    model: str | None = None
    seed: int = 0
    cells: int | None = None
    blank: bool = False


def make_worksheet(lesson: Lesson, language: str, wanted: Wanted) -> Worksheet:
    """The sheet and key of a lesson. Raises what the model raises on input that it cannot use, and click.UsageError."""
    _check(lesson, wanted)
    source = Source(lesson, language, wanted.model, sentence=wanted.sentence, target=wanted.target)
    trace = source.trace()  # what is wrong with the sentence is wrong with all steps
    sections = Sections(lesson, source, language, wanted.seed, wanted.cells)
    sheet, key = blank_blocks(sections) if wanted.blank else sections.blocks()
    title, summary = lesson.title.get(language), lesson.summary.get(language)
    return Worksheet(title, summary, language, _facts(lesson, source, trace.info, wanted), sheet, key)


def _check(lesson: Lesson, wanted: Wanted) -> None:
    if lesson.program is not None:
        if wanted.sentence is not None or wanted.target is not None or wanted.model is not None:
            raise click.UsageError(_("this lesson works on given numbers, not on a sentence"))
    elif wanted.blank:
        message = _("--blank is for lessons with a program small enough for paper, such as attention-by-hand")
        raise click.UsageError(message)
    if wanted.blank and wanted.cells is not None:
        raise click.UsageError(_("--blank leaves every cell blank, so --cells has nothing to say"))


def _facts(lesson: Lesson, source: Source, info: Any, wanted: Wanted) -> tuple[tuple[str, str], ...]:
    facts = []
    if lesson.program is None:
        facts.append((_("Sentence"), source.sentence or ""))
        if info.get("target"):
            facts.append((_("Target"), str(info["target"])))
        untrained = [] if info.get("trained") else [_("untrained")]
        facts.append((_("Model"), listed([str(info.get("model") or ""), *untrained])))
    facts.append((_("Sheet"), f"{lesson.id}, {_('blank') if wanted.blank else wanted.seed}"))
    return tuple(facts)


def write_worksheet(
    name: str, language: str, wanted: Wanted, output: str | None, form: str | None, key: bool, with_key: bool
) -> tuple[str, ...]:
    """Write the sheet and, if asked for, its key beside it; returns the paths. `-` prints and returns none."""
    lesson = load_lesson(name)
    printed = output == "-"
    path = Path(f"{lesson.id}.{form or 'html'}") if output is None or printed else Path(output)
    if printed and key:
        raise click.UsageError(_("--key writes a second file, so it needs -o FILE; --with-key prints both in one"))
    if path.is_dir() or not path.absolute().parent.is_dir():
        problem = _("{0} is a folder") if path.is_dir() else _("there is no folder for {0}")
        raise click.UsageError(f"-o: {problem.format(path)}")
    form = form or ("md" if printed else _form_of(path))
    sheet = make_worksheet(lesson, language, wanted)
    write_sheet, write_key = WRITERS[form]
    if printed:
        click.echo(write_sheet(sheet, with_key), nl=False)
        return ()
    files = {path: write_sheet(sheet, with_key)}
    if key:
        files[path.with_name(f"{path.stem}-key{path.suffix}")] = write_key(sheet)
    for file, text in files.items():
        file.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    return tuple(map(str, files))


def _form_of(path: Path) -> str:
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise click.UsageError(_("-o: {0} should end in .html or .md, or say --format").format(path))
    return form
