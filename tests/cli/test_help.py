"""Help and usage errors in the learner's language: all of it translated, and laid out in terminal cells."""

import inspect
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from tutor.cli import cli
from tutor.course.progress import Progress
from tutor.display import locale_tools
from tutor.display.language import _, set_language
from tutor.plain.command_help import asked_language
from tutor.plain.help_page import HelpPage

WIDTH = 78  # Click leaves two of a terminal's 80 columns free
TYPED = re.compile(r"--?[a-z-]+|\[[^\]]*\]|`[^`]*`|（[^）]*）|tutor start|tutor trace \".*\"")  # stays as it is
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def all_commands(group=cli, path=()):
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))
        else:
            yield (*path, name)


def found(path):
    command = cli
    for name in path:
        command = command.commands[name]
    return command


@pytest.fixture
def run():
    def invoke(*arguments, **keywords):
        return CliRunner().invoke(cli, list(arguments), prog_name="tutor", terminal_width=WIDTH, **keywords)

    yield invoke
    set_language("en")


@pytest.fixture(params=[pytest.param(path, id=" ".join(path) or "tutor") for path in all_commands()])
def page(request, run):
    """A command, and its help in Chinese."""
    result = run(*request.param, "--help", "--lang", "zh")
    assert result.exit_code == 0
    return found(request.param), result.output


def test_every_text_of_a_command_has_chinese(page):
    command, output = page
    together = re.sub(r"\s", "", output)
    with_help = [parameter for parameter in command.params if getattr(parameter, "help", None)]
    for text in (command.help, *(parameter.help for parameter in with_help)):
        translated = _(inspect.cleandoc(text))
        assert CHINESE.search(translated), f"no Chinese for {text!r}"
        assert re.sub(r"[\s\b]", "", translated) in together


def test_no_sentence_of_the_page_is_english(page):
    _command, output = page
    for line in output.partition("\n  例：")[0].splitlines()[1:]:
        assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", TYPED.sub("", line)), line
    assert output.startswith("用法：tutor") and "\n选项：\n" in output and "显示本帮助并退出。" in output


def test_the_page_stands_in_columns(page):
    _command, output = page
    lines = output.splitlines()
    assert max(map(cell_len, lines)) <= WIDTH
    options = output.partition("\n选项：\n")[2].partition("\n\n")[0].splitlines()
    described = [re.match(r"(  +-\S.*?)  +(?=\S)", line) for line in options]
    columns = {cell_len(match.group()) for match in described if match}
    below = {len(line) - len(line.lstrip()) for line in options if not line.startswith("  -")}
    assert len(columns | below) == 1


def test_short_help_is_one_line_of_the_command_list(run):
    for path in all_commands():
        if isinstance(found(path), click.Group):
            listed = run(*path, "--help", "--lang=zh").output.partition("\n命令：\n")[2].partition("\n\n")[0]
            assert len(listed.splitlines()) == len(found(path).commands)
            assert "..." not in listed


def test_no_line_begins_with_what_closes_or_ends_with_what_opens(page):
    _command, output = page
    for line in output.splitlines():
        assert line.lstrip()[:1] not in set("，。；：）、]") and line[-1:] not in set("（[")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "tutor：没有 'nonsense' 这个命令（tutor --help）"),
        (["trace"], "tutor trace：缺少参数 'SENTENCE'（tutor trace --help）"),
        (["trace", "hi", "--nonsense"], "这个选项"),
        (["trace", "hi", "there", "you"], "多出了参数：there you"),
        (["trace", ""], "句子是空的"),
        (["trace", "hi", "--format", "xml"], "'--format' 的值不对：'xml' 不在可选的值里"),
        (["trace", "hi", "--output", "."], "'.' 是文件夹，这里要的是文件"),
        (["generate", "hi", "--beams", "0"], "'--beams' 的值不对：0 不在范围 x>=1 之内"),
        (["generate", "hi", "--beams", "many"], "'--beams' 的值不对：'many' 不是合要求的数"),
        (["generate", "hi", "--beams"], "选项 '--beams' 后面缺少值"),
        (["generate", "hi", "--steps=3"], "选项 '--steps' 后面不能有值"),
        (["progress", "import", "no-such.json"], "'no-such.json' 不存在"),
        (["bench", "--only", "speed"], "没有 'speed' 这个测量项目"),
        (["lessons", "new", "Bad Name"], "不能用作 id。请用小写字母"),
        (["worksheet", "masks", "-o", "no/such/folder.html"], "所在的文件夹不存在"),
    ],
)
def test_usage_errors_in_chinese(run, arguments, said):
    result = run("--lang", "zh", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert result.output.count("\n") == 1


def test_what_is_wrong_with_a_lesson_is_told_in_chinese(run, tmp_path):
    lesson = tmp_path / "mine.yaml"
    lesson.write_text("format: 1\nid: mine\nminutes: '5'\nmodle: translator\nsteps: 3\n", encoding="utf-8")
    output = run("lessons", "check", str(lesson), str(tmp_path / "none.yaml"), "--lang", "zh").output
    for said in (
        ":3: minutes: 应是整数，写的却是：'5'。请直接写数字，不加引号",
        ":4: modle: 不是课文件格式里的字段。是不是 model？",
        ":5: steps: 应是列表，写的却是：3",
        "unit: 缺少这个字段。请加上 unit: …",
        "none.yaml: 读不了：没有这个文件或文件夹。请检查路径",
    ):
        assert said in output


def test_everything_that_click_says_to_a_learner_is_in_the_catalogue():
    said_to_authors = {
        "Value must be an iterable.",
        "Invalid start character for option ({option})",
        "Name '{name}' defined twice",
    }
    unreachable = re.compile(
        "deprecated|Deprecated|UUID|boolean|Boolean|env var|dynamic|Aborted|declaration|option.*name|Positional"
        "|param_type|param_name|^(Try|Error: )|^(file|directory|path)$|Choice\\(|format|len_type|No options defined"
    )
    known = {message.text for message in locale_tools.read_po(locale_tools.catalogue("zh").read_text("utf-8"))}
    for name in ("core", "exceptions", "formatting", "parser", "types"):
        source = (Path(click.__file__).parent / f"{name}.py").read_text("utf-8")
        for message in locale_tools.messages_in(source):
            assert message.text in known | said_to_authors or unreachable.search(message.text), message.text


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        ([], None),
        (["trace", "hi", "--lang", "zh"], "zh"),
        (["--lang=zh", "trace", "--help"], "zh"),
        (["trace", "--lang", "zh", "--lang", "en"], "en"),
        (["trace", "--lang"], None),
        (["trace", "--lang", "klingon"], None),
    ],
)
def test_the_language_asked_for_anywhere(arguments, language):
    assert asked_language(arguments) == language


def test_the_language_is_the_one_asked_for_else_the_one_chosen_else_the_locales(run):
    assert "Usage:" in run("--help").output
    assert "用法：" in run("--help", env={"LANG": "zh_CN.UTF-8"}).output
    assert "用法：" in run("--help", env={"TUTOR_LANG": "zh"}).output
    Progress().language = "zh"
    assert "用法：" in run("--help").output
    assert "缺少参数" in run("trace").output
    assert "Usage:" in run("--help", "--lang", "en", env={"LANG": "zh_CN.UTF-8"}).output


def test_a_broken_file_of_progress_does_not_keep_help_away(run):
    Progress().path.write_bytes(b"not a database" * 100)
    assert "Usage:" in run("--help").output


def test_english_comes_back_after_chinese_and_is_clicks_own(run, page):
    command, _output = page
    context = click.Context(command, info_name="tutor", max_content_width=100)
    set_language("en")
    formatter = click.HelpFormatter()
    click.Command.format_options(command, context, formatter)
    assert not CHINESE.search(command.get_help(context))
    assert formatter.getvalue().strip() in command.get_help(context)


def test_a_page_is_measured_in_cells():
    page = HelpPage(width=20)
    page.write_dl([("-a", "一二三四五六七八九十"), ("--long", "ab 一二")])
    assert page.getvalue() == "-a      一二三四五六\n        七八九十\n--long  ab 一二\n"
