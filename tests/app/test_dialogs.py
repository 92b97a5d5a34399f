"""Help, glossary, models and the command palette over the real app, at both sizes and in both languages."""

import pytest
from textual.command import CommandList
from textual.geometry import Offset
from textual.widgets import OptionList

import tutor.app.app as app_module
from tests.app.conftest import LANGUAGES, NARROW, SIZES, WIDE
from tutor.app.app import TutorApp
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.dialogs.model import ModelDialog
from tutor.app.model_info import info_of
from tutor.app.palette import TutorCommands, TutorPalette, match
from tutor.app.screens.home import HomeScreen
from tutor.app.widgets.prose import Prose
from tutor.course import glossary as glossary_module
from tutor.course.glossary import load_glossary, parse_glossary
from tutor.models.registry import available


@pytest.fixture
def app(progress, monkeypatch):
    monkeypatch.setattr(app_module, "_warm_up", lambda: None)
    opened = lambda self, lesson, sentence="": self.opened.append((lesson, sentence))  # noqa: E731
    monkeypatch.setattr(TutorApp, "open_lesson", opened)
    monkeypatch.setattr(TutorApp, "explore", lambda self, sentence="": self.opened.append(("", sentence)))

    def make(lang="en") -> TutorApp:
        made = TutorApp(lang=lang, progress=progress)
        made.opened = []
        return made

    return make


def text(app) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def said(app) -> str:
    return app.screen.query_one(Prose).content.plain


async def open_(app, pilot, dialog):
    app.push_screen(dialog)
    await pilot.pause()
    return dialog


# Help.


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [*SIZES, (60, 15)])
async def test_help_shows_keys_and_always_the_way_out(app, size, lang):
    app = app(lang)
    async with app.run_test(size=size) as pilot:
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        assert "F1" in text(app) and "esc" in text(app)
        for key in ("escape", "f1", "question_mark"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, HomeScreen)
            await pilot.press("f1")
            await pilot.pause()
            assert isinstance(app.screen, HelpDialog)


async def test_help_scrolls_to_its_last_line_and_shows_text_as_text(app):
    app = app()
    async with app.run_test(size=(60, 15)) as pilot:
        lines = [(f"[b]{number}[/]", f"[MASK] {number}\x1b[31m") for number in range(40)]
        await open_(app, pilot, HelpDialog([("[title]", lines)]))
        assert "[b]0[/]" in text(app) and "[MASK] 0␛[31m" in text(app)
        await pilot.press(*["down"] * 40)
        await pilot.pause()
        assert "[b]39[/]" in text(app)
        await pilot.click(offset=Offset(0, 0))
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)


# Glossary.


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("start", "term"),
    [
        ("encoder.0.self_attention.scaled", "scaled score"),
        ("decoder.1.cross_attention.weights", "attention weights"),
        ("encoder.0.self_attention.query.weight", "query weights"),
        ("d_k", "head width"),
        ("Softmax", "softmax"),
    ],
)
async def test_glossary_opens_at_what_is_on_screen(app, size, lang, start, term):
    app = app(lang)
    async with app.run_test(size=size) as pilot:
        dialog = await open_(app, pilot, GlossaryDialog(start))
        entry = load_glossary().find(term)
        assert dialog.entry == entry
        assert entry.say.get(lang) in said(app) and entry.say.get(lang)[:12] in text(app)


async def test_glossary_searches_as_one_types_and_enter_goes_to_the_lesson(app):
    app = app()
    async with app.run_test(size=NARROW) as pilot:
        dialog = await open_(app, pilot, GlossaryDialog(sentence="mine"))
        await pilot.press(*"softm")
        await pilot.pause()
        assert dialog.entry.term.en == "softmax"
        before = dialog.entry
        await pilot.press("down")
        await pilot.pause()
        assert dialog.entry != before and dialog.entry.say.en in said(app)
        await pilot.press("up")
        assert "open the lesson" in text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen) and app.opened == [(before.lesson, "mine")]


async def test_glossary_says_when_there_is_nothing(app):
    app = app()
    async with app.run_test(size=NARROW) as pilot:
        dialog = await open_(app, pilot, GlossaryDialog())
        await pilot.press(*"[b]zzz")
        await pilot.pause()
        assert dialog.entry is None and "Nothing of that name" in text(app)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.screen is dialog and not app.opened


async def test_a_click_on_a_term_shows_it(app):
    app = app()
    async with app.run_test(size=WIDE) as pilot:
        dialog = await open_(app, pilot, GlossaryDialog())
        entries = dialog.query_one(OptionList)
        await pilot.click(OptionList, offset=Offset(4, 3))
        await pilot.pause()
        assert entries.highlighted == 3 and app.screen is dialog and not app.opened
        assert dialog.entry.say.en in said(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == [(dialog._shown[3].lesson, "")]


async def test_glossary_shows_foreign_text_as_text(app, monkeypatch):
    entry = "- {term: {en: '[b]x[/]', zh: 词}, say: {en: '[MASK] [/]', zh: 说}, symbol: '[S]'}"
    monkeypatch.setattr("tutor.app.dialogs.glossary.load_glossary", lambda: parse_glossary(entry))
    app = app()
    async with app.run_test(size=NARROW) as pilot:
        await open_(app, pilot, GlossaryDialog())
        assert "[b]x[/]" in text(app) and "[MASK] [/]" in text(app) and "[S]" in text(app)


async def test_a_broken_glossary_says_what_is_wrong(app, monkeypatch, tmp_path):
    monkeypatch.setattr(glossary_module, "glossary_file", lambda: tmp_path / "none.yaml")
    load_glossary.cache_clear()
    app = app()
    async with app.run_test(size=WIDE) as pilot:
        await open_(app, pilot, GlossaryDialog("softmax"))
        assert "none.yaml" in said(app)
    load_glossary.cache_clear()


# Models.


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [*SIZES, (60, 15)])
async def test_the_model_dialog_tells_the_truth_and_hands_back_the_choice(app, size, lang):
    app = app(lang)
    async with app.run_test(size=size) as pilot:
        taken = []
        app.push_screen(ModelDialog("translator"), taken.append)
        await pilot.pause()
        for info in available():
            assert info.title[lang] in text(app)
        info = info_of("translator")
        assert info.summary[lang] in said(app) and f"{info.parameters:,}" in said(app)
        if not info.trained:
            assert ("ntrained" if lang == "en" else "未训练") in text(app)
        assert "enter" in text(app)
        await pilot.press("up", "enter")
        await pilot.pause()
        names = [info.name for info in available()]
        assert taken == [names[max(0, names.index("translator") - 1)]]


async def test_the_model_taken_is_the_one_home_shows(app):
    app = app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("f3", "home", "enter")
        await pilot.pause()
        first = available()[0]
        assert app.model_name == first.name
        assert first.title["en"] in app.screen.query_one("#model", Prose).content.plain


async def test_escape_keeps_the_model(app):
    app = app()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("f3", "home", "escape")
        await pilot.pause()
        assert app.chosen_model is None


def test_a_folder_that_is_no_model_has_no_card(tmp_path):
    assert info_of(str(tmp_path)) is None


# The command palette.


@pytest.mark.parametrize(
    ("words", "better", "worse"),
    [
        ("mask", "mask  M", "unmasked"),
        ("lesson mask", "Lesson: Masks", "Lesson: Words"),
        ("掩码", "课：掩码", "课：词"),
    ],
)
def test_matching_prefers_the_beginning_of_a_word(words, better, worse):
    assert match(better, words.split()) > match(worse, words.split())
    assert match(better, words.split()) <= 1


async def found(app, pilot, query: str) -> list[str]:
    provider = TutorCommands(app.screen)
    return [hit.text async for hit in provider.search(query)]


async def test_everything_is_in_the_palette(app):
    app = app()
    async with app.run_test(size=NARROW) as pilot:
        for query, title in [
            ("mask", "Lesson: Masks"),
            ("softmax", "Term: softmax"),
            ("dracula", "Theme: dracula"),
            ("proverbs", "Model: Three proverbs"),
            ("中文", "中文 / English"),
            ("glossary", "Glossary"),
            ("keys", "Keys of this screen"),
            ("quit", "Quit"),
        ]:
            assert any(hit.startswith(title) for hit in await found(app, pilot, query)), query
        assert await found(app, pilot, "zzzz") == ["Nothing of that name."]


async def test_a_screen_offers_its_own_commands(app):
    app = app()
    async with app.run_test(size=NARROW):
        went = []
        app.screen.node_commands = lambda: [("encoder.0.[b]", lambda: went.append(1))]
        provider = TutorCommands(app.screen)
        hits = [hit async for hit in provider.search("encoder.0")]
        assert [hit.text for hit in hits] == ["Go to encoder.0.[b]"]
        hits[0].command()
        assert went == [1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_palette_opens_finds_and_runs(app, size):
    app = app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, TutorPalette)
        await pilot.press(*"masks")
        await pilot.pause(0.5)
        prompt = app.screen.query_one(CommandList).get_option_at_index(0).prompt
        assert "Lesson: Masks" in str(prompt)
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == [("masks", "")] and isinstance(app.screen, HomeScreen)


async def test_a_matrix_is_found_by_its_very_name_before_all_that_begin_with_it(tutor):
    async with tutor(lesson="kept-and-dropped") as driver:
        provider = TutorCommands(driver.screen)
        for name in ("V", "t", "code"):
            hits = sorted([hit async for hit in provider.search(name)], key=lambda hit: -hit.score)
            assert hits[0].text.casefold() == f"go to {name.casefold()}", name
        assert any(hit.text.startswith("Lesson: ") for hit in hits)


async def test_the_palette_changes_language_and_theme(app):
    app = app()
    async with app.run_test(size=NARROW) as pilot:
        provider = TutorCommands(app.screen)
        for query in ("中文", "nord"):
            hit = [hit async for hit in provider.search(query)][0]
            hit.command()
            await pilot.pause()
        assert app.language == "zh" and app.theme == "nord" and "动手算" in text(app)
