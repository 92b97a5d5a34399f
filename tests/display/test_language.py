import gettext
import io

import pytest

from tutor.display import language, locale_tools
from tutor.display.locale_tools import Message


@pytest.fixture(autouse=True)
def _english_again():
    yield
    language.set_language("en")


def test_english_is_the_source_and_chinese_is_a_catalogue() -> None:
    assert language._("rows") == "rows"
    language.set_language("zh")
    assert language.current_language() == "zh"
    assert language._("a text that nobody wrote") == "a text that nobody wrote"
    assert language._("") == ""
    with pytest.raises(ValueError, match="klingon"):
        language.set_language("klingon")


@pytest.mark.parametrize(
    ("wanted", "environment", "expected"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh"}, "zh"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
        (None, {"TUTOR_LANG": "zh", "LC_ALL": "en_US"}, "zh"),
        ("en", {"TUTOR_LANG": "zh"}, "en"),
        ("zh-Hans", {}, "zh"),
        (None, {"LANG": "zha"}, "en"),
    ],
)
def test_detect(wanted, environment, expected) -> None:
    assert language.detect(wanted, environment) == expected


def test_messages_are_found_in_the_source() -> None:
    code = 'x = _("one")\ny = [N_("two\\nlines")]\nz = ngettext("a head", "{n} heads", 3)\nw = _(name) + other("no")\n'
    assert list(locale_tools.messages_in(code)) == [
        Message("one"),
        Message("two\nlines"),
        Message("a head", "{n} heads"),
    ]


def test_the_help_of_commands_needs_no_mark() -> None:
    code = """
@cli.command(example="tutor go")
@click.option("--far", default="x", help="How far.")
def go():
    '''Go.

    Or stay.
    '''

@functools.lru_cache(maxsize=None)
def other(help="no"):
    '''No command.'''
    call(help="no option")
"""
    assert list(locale_tools.messages_in(code)) == [Message("How far."), Message("Go.\n\nOr stay.")]


def test_a_catalogue_survives_being_written_and_read() -> None:
    translations = {
        Message('say "yes"\\no\n'): '说 "是"\n',
        Message("\b\nas it stands"): "\b\n照原样",
        Message("a head", "{n} heads"): "{n} 个头",
        Message("later"): "",
    }
    text = locale_tools.write_po("zh", translations, dict.fromkeys(translations, "tutor/x.py"))
    read = locale_tools.read_po(text)
    assert {message: read[message] for message in translations} == translations


def test_the_compiled_catalogue_is_what_gettext_reads() -> None:
    translations = {Message("yes"): "是", Message("a head", "{n} heads"): "{n} 个头", Message("later"): ""}
    compiled = gettext.GNUTranslations(io.BytesIO(locale_tools.compile_mo("zh", translations)))
    assert compiled.gettext("yes") == "是"
    assert compiled.ngettext("a head", "{n} heads", 1) == compiled.ngettext("a head", "{n} heads", 5) == "{n} 个头"
    assert compiled.gettext("later") == "later"


@pytest.mark.parametrize("name", [name for name in language.LANGUAGES if name != "en"])
def test_the_mo_file_matches_the_po_file(name: str) -> None:
    po = locale_tools.catalogue(name)
    translations = locale_tools.read_po(po.read_text(encoding="utf-8"))
    assert po.with_suffix(".mo").read_bytes() == locale_tools.compile_mo(name, translations), (
        "run: python -m tutor.display.locale_tools"
    )


@pytest.mark.parametrize("name", [name for name in language.LANGUAGES if name != "en"])
def test_every_message_is_translated(name: str) -> None:
    assert not locale_tools.missing(name)
