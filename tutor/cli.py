"""The command line: one thin function a command. What they need is imported when they run: `--help` is quick."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from tutor import __version__
from tutor.display.language import _, current_language
from tutor.plain.command_group import Commands, checked_sentence, settings
from tutor.plain.streams import is_interactive, prepare_streams, repaired_arguments, use_one_thread, working

BACKENDS = ("auto", "numpy", "cupy", "torch", "jax")
STRATEGIES = ("greedy", "beam", "sample")


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _echo_lines(lines: Any) -> None:
    for line in lines:
        click.echo(line)


sentence_argument = click.argument("sentence", callback=checked_sentence)
model_option = click.option(
    "--model", default="translator", show_default=True, help="A shipped or added model, or a model's folder."
)
target_option = click.option("--target", help="The decoder's sentence; without it the model's own answer stands in.")
backend_option = click.option(
    "--backend", type=click.Choice(BACKENDS), default="numpy", show_default=True, help="The library that computes."
)
set_option = click.option(
    "--set",
    "config",
    multiple=True,
    callback=settings,
    metavar="KEY=VALUE",
    help="Change the config.",
)


def _traced(sentence: str, model: str, target: str | None, config: dict[str, Any], backend: str) -> Any:
    """The trace that the options ask for, with a sign of life while it is computed."""
    from tutor.engine.backend import load_backend
    from tutor.models.registry import load_model

    notice = load_backend(backend).notice
    if notice:
        click.echo(notice, err=True)
    with working(_("tracing")):
        return load_model(model).trace(sentence, target=target, config=config or None, backend=backend)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tutor")
def cli() -> None:
    """Learn the Transformer by walking its numbers.

    \b
    tutor start                    lessons on your sentence, number by number
    tutor trace "I am a student"   every matrix the model computes on a sentence
    """


@cli.command(example='tutor start masks --sentence "The river froze last night"')
@click.argument("lesson", required=False)
@click.option("--sentence", callback=checked_sentence, help="Your sentence, in place of the lesson's.")
@click.option("--model", help="A shipped or added model, or its folder; without it the lesson's.")
@click.option(
    "--backend", type=click.Choice(BACKENDS), default="numpy", show_default=True, help="The library that computes."
)
@click.option("--plain", is_flag=True, help="Line by line, without a full-screen interface.")
def start(lesson: str | None, sentence: str | None, model: str | None, backend: str, plain: bool) -> None:
    """Open the tutor, at LESSON if one is given."""
    use_one_thread()
    from tutor.course.progress import Progress
    from tutor.models.registry import find_folder

    # What is wrong with the command line is said here, before a screen is drawn over it.
    if lesson:
        from tutor.course.lesson_file import load_lesson

        load_lesson(lesson)
    if model:
        find_folder(model)
    if backend != "numpy":
        from tutor.engine.backend import load_backend

        load_backend(backend)
    progress = Progress()
    if plain or not is_interactive():
        from tutor.plain.course import run_plain

        run_plain(lesson, sentence, model, backend, progress, asked_for=plain)
        return
    from tutor.app.app import TutorApp

    app = TutorApp(lesson, sentence, model, current_language(), backend, progress)
    app.run()
    sys.exit(app.return_code)


@cli.command(example='tutor trace "The river froze last night" --node "encoder.0.*.weights"')
@sentence_argument
@model_option
@target_option
@click.option("--node", "glob", help="Only the nodes this name or glob matches, with their numbers.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write every array to this .npz file.")
@backend_option
@set_option
def trace(
    sentence: str,
    model: str,
    target: str | None,
    glob: str | None,
    form: str,
    output: Path | None,
    backend: str,
    config: dict,
) -> None:
    """List every matrix the model computes on SENTENCE. "-" reads it from standard input."""
    from tutor.plain import trace_output

    if output is not None and not output.parent.is_dir():
        raise click.UsageError(_("--output: there is no folder {0}").format(output.parent))
    run = _traced(sentence, model, target, config, backend)
    names = trace_output.chosen_names(run, glob)
    if form == "json":
        for piece in trace_output.as_json(run, names, with_values=glob is not None):
            click.echo(piece, nl=False)
    else:
        _echo_lines(trace_output.overview_lines(run))
        _echo_lines(trace_output.node_lines(run, names))
        for name in names if glob is not None else ():
            _echo_lines(trace_output.value_lines(run[name], _width()))
    if output is not None:
        count = trace_output.write_npz(run, output)
        click.echo(_("{0} arrays written to {1}").format(count, output), err=True)


@cli.command(example='tutor explain "I am a student" encoder.0.self_attention.weights 0,student,I')
@sentence_argument
@click.argument("node")
@click.argument("index")
@model_option
@target_option
@backend_option
@set_option
def explain(
    sentence: str, node: str, index: str, model: str, target: str | None, backend: str, config: dict[str, Any]
) -> None:
    """Show the arithmetic of one number of NODE.

    INDEX has one place an axis: numbers from 0, or the tokens themselves, with commas between.
    """
    from tutor.plain import trace_output, why

    run = _traced(sentence, model, target, config, backend)
    name = trace_output.chosen_names(run, node)[0]
    _echo_lines(why.explanation_lines(run, run.explain(name, why.parsed_index(run[name], index)), _width()))


@cli.command(example='tutor generate "I am a student" --beams 4 --steps')
@sentence_argument
@model_option
@click.option("--strategy", type=click.Choice(STRATEGIES), help="Without it, the one that the other options belong to.")
@click.option("--beams", type=click.IntRange(min=1), help="Beam search: how many hypotheses go side by side. [4]")
@click.option(
    "--length-penalty",
    type=click.FloatRange(min=0),
    help="Beam search: makes up for length. [the model's, or 1]",
)
@click.option("--temperature", type=click.FloatRange(min=0), help="Sampling: below 1 safer, above 1 wilder. [1]")
@click.option("--top-k", type=click.IntRange(min=0), help="Sampling: only the K likeliest tokens. [all]")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Sampling: only the likeliest up to P. [1]")
@click.option("--seed", type=click.IntRange(min=0), help="Sampling: the same seed draws the same tokens. [0]")
@click.option("--maximum", type=click.IntRange(min=1), help="At most so many tokens.")
@click.option("--steps", "with_steps", is_flag=True, help="Print every step's candidates.")
@backend_option
@set_option
def generate(
    sentence: str,
    model: str,
    strategy: str | None,
    maximum: int | None,
    with_steps: bool,
    backend: str,
    config: dict[str, Any],
    **options: float | None,
) -> None:
    """Let a model answer SENTENCE, or go on with it. "-" reads it from standard input."""
    use_one_thread()
    from tutor.models.registry import load_model
    from tutor.plain import generation

    chosen = generation.chosen_settings(strategy, options)
    generation.write(load_model(model), sentence, chosen, with_steps, maximum, config or None, backend)


@cli.command(example="tutor train proverbs --output my-proverbs")
@click.argument("recipe")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The corpus's folder.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="The trained model's folder.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the output folder.")
@click.option(
    "--begin",
    metavar="MODEL",
    multiple=True,
    help="Begin with the weights of this model, not with random ones; of several, with their mean.",
)
@click.option("--steps", type=click.IntRange(min=1), help="In place of the recipe's.")
@backend_option
@click.option("--seed", type=click.IntRange(min=0), help="In place of the recipe's.")
@click.pass_context
def train(
    context: click.Context,
    recipe: str,
    data: Path | None,
    output: Path | None,
    resume: bool,
    begin: tuple[str, ...],
    steps: int | None,
    backend: str,
    seed: int | None,
) -> None:
    """Train a model by RECIPE.

    RECIPE is a shipped model's name, or a recipe.yaml, or its folder. Ctrl+C saves and stops; --resume
    goes on, to the same numbers as without the stop.
    """
    from tutor.train_display import train_model

    if resume and begin:
        raise click.UsageError(_("--begin and --resume exclude each other: a checkpoint has weights of its own"))
    finished = train_model(recipe, data, output, resume, steps, backend, seed, begin)
    context.exit(0 if finished else 130)


@cli.group(invoke_without_command=True, example="tutor lessons check lessons/07-masks.yaml")
@click.option("--search", metavar="WORDS", help="Lessons, questions and terms with these words, in either language.")
@click.pass_context
def lessons(context: click.Context, search: str | None) -> None:
    """List the lessons, search them, check them, or begin a new one."""
    if search is not None:
        from tutor.plain.search import search_lines

        if not search.split():
            raise click.UsageError(_("--search needs a word"))
        _echo_lines(search_lines(search, _width()))
    elif context.invoked_subcommand is None:
        from tutor.plain.listing import lesson_lines

        _echo_lines(lesson_lines())


@lessons.command("check", example="tutor lessons check my-lesson.yaml")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--model", help="Say which of them run on this model: a shipped or added one, or its folder.")
@click.pass_context
def check_lessons(context: click.Context, files: tuple[Path, ...], model: str | None) -> None:
    """Hold lessons against the models they name: every node, exercise and mistake. Without FILES, all lessons."""
    if model is not None:
        from tutor.plain.fitting import fits_of, fitting_lines

        _echo_lines(fitting_lines(model, fits_of(model, files), _width()))
        return
    from tutor.plain.checking import problem_lines, problems_of

    problems = problems_of(files)
    _echo_lines(problem_lines(problems, files))
    context.exit(1 if problems else 0)


@lessons.command("new", example="tutor lessons new my-lesson --folder lessons")
@click.argument("identifier", metavar="ID")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Where to write it.")
def new_lesson(identifier: str, folder: Path) -> None:
    """Write a lesson file to begin from, ID.yaml, with ID as its id."""
    from tutor.course.new import new_lesson as write_template

    path = write_template(identifier, folder)
    click.echo(_("{0} written; check it with: tutor lessons check {0}").format(path))


@lessons.command("schema", example="tutor lessons schema > lesson.schema.json")
def lesson_schema() -> None:
    """Print the JSON Schema of a lesson file, for editors."""
    import json

    from tutor.course.json_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@cli.command(example='tutor worksheet masks --sentence "The river froze last night" --key -o masks.html')
@click.argument("lesson")
@click.option("--sentence", callback=checked_sentence, help="Your sentence, in place of the lesson's.")
@target_option
@click.option("--model", help="A shipped or added model, or its folder; without it the lesson's.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, other blanks.")
@click.option("--cells", type=click.IntRange(1, 64), help="Blanks in every exercise, in place of the lesson's number.")
@click.option("--blank", is_flag=True, help="A lesson on given numbers: every computed matrix empty.")
@click.option("--key", is_flag=True, help="Write the key beside it: sheet-key.html.")
@click.option("--with-key", is_flag=True, help="Put the key on a last page of the sheet.")
@click.option("-o", "--output", help='FILE.html or FILE.md; "-" prints. Without it, LESSON.html.')
@click.option("--format", "form", type=click.Choice(("html", "md")), help="Without it, by the ending of the file.")
def worksheet(
    lesson: str,
    output: str | None,
    form: str | None,
    key: bool,
    with_key: bool,
    **wanted: Any,
) -> None:
    """Print LESSON on paper: your sentence, boxes to fill in, a key."""
    use_one_thread()
    from tutor.worksheet.make import Wanted, write_worksheet

    with working(_("tracing")):
        written = write_worksheet(lesson, current_language(), Wanted(**wanted), output, form, key, with_key)
    for path in written:
        click.echo(_("{0} written").format(path), err=True)


@cli.group(invoke_without_command=True, example="tutor models show translator")
@click.pass_context
def models(context: click.Context) -> None:
    """List the models, show one, or add a published one."""
    if context.invoked_subcommand is None:
        from tutor.plain.model_list import model_lines

        _echo_lines(model_lines())


@models.command("show", example="tutor models show proverbs")
@click.argument("name")
def show_model(name: str) -> None:
    """Show a model's card, its config and its weights."""
    from tutor.plain.model_list import card_lines

    _echo_lines(card_lines(name))


@models.command("add", example="tutor models add openai-community/gpt2")
@click.argument("name")
@click.pass_context
def add_model(context: click.Context, name: str) -> None:
    """Download the model called NAME from the Hugging Face Hub; then --model NAME opens it, without a network.

    Ctrl+C stops, and the same command goes on.
    """
    from tutor.plain.hub import add_model as download

    context.exit(0 if download(name) else 130)


@cli.group(invoke_without_command=True, example="tutor progress export my-progress.json")
@click.pass_context
def progress(context: click.Context) -> None:
    """Show what is done; export, import or reset it."""
    if context.invoked_subcommand is None:
        from tutor.plain.listing import lesson_lines

        _echo_lines(lesson_lines())


@progress.command("export", example="tutor progress export my-progress.json")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_progress(file: Path) -> None:
    """Write your progress to FILE."""
    from tutor.course.progress import Progress

    Progress().export(file)
    click.echo(_("progress written to {0}").format(file))


@progress.command("import", example="tutor progress import my-progress.json")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_progress(file: Path) -> None:
    """Add the progress in FILE to yours."""
    from tutor.course.progress import Progress

    Progress().import_(file)
    click.echo(_("progress read from {0}").format(file))


@progress.command("reset", example="tutor progress reset --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset_progress(yes: bool) -> None:
    """Forget all progress."""
    from tutor.course.progress import Progress

    if not yes:
        click.confirm(_("Forget all progress?"), abort=True)
    Progress().reset()
    click.echo(_("progress forgotten"))


@cli.command(example="tutor review --unit 3 --limit 10")
@click.option("--unit", type=click.IntRange(min=0), help="Only the cards of this unit.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many cards.")
@click.option("--new", type=click.IntRange(min=0), help="At most so many new questions. [what is left of 10 a day]")
@click.option("--question", metavar="ID", help="This one question, due or not.")
@click.option("--plain", is_flag=True, help="Line by line, without a full-screen interface.")
def review(unit: int | None, limit: int, new: int | None, question: str | None, plain: bool) -> None:
    """Ask what is due: questions, and exercises once missed."""
    use_one_thread()
    from tutor.course.load import load_course
    from tutor.course.progress import Progress
    from tutor.course.questions import load_bank
    from tutor.course.review import Sitting

    bank, progress = load_bank(), Progress()
    if unit is not None and unit not in bank.units:
        units = ", ".join(map(str, bank.units))
        raise click.UsageError(_("no question belongs to unit {0}; there are units {1}").format(unit, units))
    if question is not None and question not in bank:
        raise click.UsageError(_("there is no question {0}; `tutor lessons --search WORD` finds them").format(question))
    if plain or not is_interactive():
        from tutor.plain.review import run_plain_review

        sitting = Sitting(progress, bank, load_course(), unit, limit, new, question)
        run_plain_review(progress, sitting, current_language())
        return
    from tutor.app.app import TutorApp
    from tutor.app.screens.review import ReviewWish

    app = TutorApp(lang=current_language(), progress=progress, review=ReviewWish(unit, limit, new, question))
    app.run()
    sys.exit(app.return_code)


@cli.command(example="tutor doctor")
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check the terminal, language, libraries and data folder."""
    from tutor.doctor import FAIL, examined, finding_line

    findings = list(examined())
    _echo_lines(finding_line(finding) for finding in findings)
    context.exit(1 if any(finding.level == FAIL for finding in findings) else 0)


@cli.command(example="tutor bench --only matrix --only startup")
@click.option("--only", multiple=True, help="Only these measurements; `tutor bench --list` names them.")
@click.option("--list", "listed", is_flag=True, help="List the measurements.")
@click.option(
    "--repeat", type=click.IntRange(1, 50), default=5, show_default=True, help="Runs each median is taken of."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(only: tuple[str, ...], listed: bool, repeat: int, as_json: bool) -> None:
    """Measure the tutor beside what it is held against, in one run."""
    from tutor.bench import report

    if listed:
        _echo_lines(report.list_lines())
        return
    _echo_lines(report.report_lines(report.chosen(only), repeat, as_json))


def main() -> None:
    """The `tutor` command."""
    prepare_streams()
    cli.main(args=repaired_arguments(sys.argv[1:]), prog_name="tutor")
