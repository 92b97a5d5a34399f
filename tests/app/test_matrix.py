import numpy as np
import pytest
from rich.color import ColorType
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown

from tutor.app.widgets.matrix import MatrixView

SCORES = np.array([[0.8234, 0.11, -0.4, 1.2749], [0.5, 0.0, 1e-9, -np.inf], [0.25, 2.0, -1.5, 0.75]])
WORDS = ["I", "am", "a", "student"]
LARGE = np.random.default_rng(0).normal(size=(300, 50_000)).astype(np.float32)


class Shows(App[None]):
    CSS = "MatrixView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple] = []

    def compose(self) -> ComposeResult:
        yield MatrixView()

    @property
    def view(self) -> MatrixView:
        return self.query_one(MatrixView)

    def on_matrix_view_moved(self, event: MatrixView.Moved) -> None:
        self.messages.append(("moved", event.row, event.column))

    def on_matrix_view_opened(self, event: MatrixView.Opened) -> None:
        self.messages.append(("opened", event.row, event.column))

    def on_matrix_view_answered(self, event: MatrixView.Answered) -> None:
        self.messages.append(("answered", event.row, event.column, event.text))


def lines(app: Shows) -> list[str]:
    view = app.view
    return [view.render_line(y).text.rstrip() for y in range(view.scrollable_content_region.height)]


async def test_keys_move_the_cursor_and_enter_opens() -> None:
    app = Shows()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.set_matrix(SCORES, WORDS[:3], WORDS, "query", "key", "scaled")
        app.view.focus()
        await pilot.press("right", "down", "end", "home", "ctrl+end", "ctrl+home", "left", "up", "enter")
        await pilot.pause()
        assert app.messages == [
            ("moved", 0, 1),
            ("moved", 1, 1),
            ("moved", 1, 3),
            ("moved", 1, 0),
            ("moved", 2, 3),
            ("moved", 0, 0),
            ("opened", 0, 0),
        ]
        assert "[0.82]" in lines(app)[2]


async def test_the_mouse_selects_and_opens() -> None:
    app = Shows()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.set_matrix(SCORES, WORDS[:3], WORDS, "query", "key")
        await pilot.pause()
        x = lines(app)[4].index("-1.50")
        await pilot.click(MatrixView, offset=(x + 1, 4))
        assert app.view.cursor == (2, 2)
        await pilot.click(MatrixView, offset=(x + 1, 4), times=2)
        await pilot.pause()
        assert app.messages[0] == ("moved", 2, 2) and app.messages[-1] == ("opened", 2, 2)
        before = app.view.cursor
        await pilot.click(MatrixView, offset=(x, 0))
        await pilot.click(MatrixView, offset=(1, 3))
        assert app.view.cursor == before


async def test_the_cursor_stays_in_view_in_a_large_matrix() -> None:
    app = Shows()
    async with app.run_test(size=(80, 20)) as pilot:
        app.view.set_matrix(LARGE, row_axis="position", column_axis="feature")
        app.view.focus()
        for key, cursor in [
            ("pagedown", (17, 0)),
            ("end", (17, 49_999)),
            ("ctrl+end", (299, 49_999)),
            ("up", (298, 49_999)),
            ("ctrl+home", (0, 0)),
        ]:
            await pilot.press(key)
            await pilot.pause()
            row, column = app.view.cursor
            assert (row, column) == cursor
            shown = [line for line in lines(app) if "[" in line]
            assert len(shown) == 1 and shown[0].split()[0] == str(row)
            assert str(column) in lines(app)[0].split()


async def test_a_page_of_columns() -> None:
    app = Shows()
    async with app.run_test(size=(80, 20)) as pilot:
        app.view.set_matrix(LARGE, row_axis="position", column_axis="feature")
        app.view.focus()
        await pilot.press("ctrl+right")
        await pilot.pause()
        _row, first = app.view.cursor
        assert first > 3 and str(first) in lines(app)[0].split()
        await pilot.press("ctrl+right", "ctrl+left", "ctrl+left", "ctrl+left")
        await pilot.pause()
        assert app.view.cursor == (0, 0)


async def test_the_cursor_stays_in_view_when_blanks_make_the_columns_wider() -> None:
    app = Shows()
    async with app.run_test(size=(60, 12)) as pilot:
        small = np.zeros((6, 40))
        app.view.set_matrix(small, column_labels=[f"<{n}>" for n in range(40)], cursor=(0, 36))
        await pilot.pause()
        app.view.set_blanks([(0, 36), (3, 2)])
        await pilot.pause()
        assert "<36>" in lines(app)[0] and "[____]" in lines(app)[2]


async def test_only_changed_lines_are_drawn_again() -> None:
    app = Shows()
    async with app.run_test(size=(80, 30)) as pilot:
        app.view.set_matrix(LARGE)
        app.view.focus()
        await pilot.pause()
        before = app.view.lines.drawn
        await pilot.press("right")
        await pilot.pause()
        assert app.view.lines.drawn - before == 2  # the header and the row
        before = app.view.lines.drawn
        await pilot.press("down")
        await pilot.pause()
        assert app.view.lines.drawn - before == 2  # the two rows
        app.view.scroll_to(y=1, animate=False)
        await pilot.pause()
        before = app.view.lines.drawn
        app.view.scroll_to(y=0, animate=False)
        await pilot.pause()
        assert app.view.lines.drawn == before  # all of it is remembered


async def test_the_wheel_moves_sideways_where_there_is_nothing_below() -> None:
    app = Shows()
    async with app.run_test(size=(80, 10)) as pilot:
        app.view.set_matrix(LARGE[0], column_axis="feature")
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollDown], MatrixView, offset=(20, 2))
        await pilot.pause()
        assert lines(app)[0].split()[0] == "1"


async def test_typing_into_a_blank() -> None:
    app = Shows()
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.view
        view.set_matrix(SCORES, WORDS[:3], WORDS)
        view.set_blanks([(0, 1), (1, 3)])
        view.editable = True
        view.focus()
        await pilot.press("5", "right", "0", ".", "2", "backspace", "1", "enter")
        await pilot.pause()
        assert app.messages[-1] == ("answered", 0, 1, "0.1")
        view.set_mark(0, 1, True)
        await pilot.press("9")
        assert view.answer(0, 1) == "0.1"
        await pilot.press("down", "end", "-", "i", "enter")
        await pilot.pause()
        assert app.messages[-1] == ("answered", 1, 3, "-∞")
        assert "[-∞]" in lines(app)[3] and "0.1 ✓" in lines(app)[2]
        with pytest.raises(KeyError):
            view.set_mark(2, 2, True)


async def test_the_largest_of_the_row_and_the_next_largest() -> None:
    app = Shows()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.set_matrix(np.array([[0.1, np.nan, 0.7, 0.2], [3.0, -np.inf, 1.0, 3.0]]))
        app.view.focus()
        for cell in ((0, 2), (0, 3), (0, 0)):
            await pilot.press("m")
            assert app.view.cursor == cell
        await pilot.press("down")
        for cell in ((1, 0), (1, 3), (1, 2)):
            await pilot.press("m")
            assert app.view.cursor == cell
        await pilot.press("left", "m")
        assert app.view.cursor == (1, 0), "from elsewhere to the largest first"
        app.view.set_blanks([(1, 0)])
        await pilot.press("right", "m")
        assert app.view.cursor == (1, 3), "what is asked for is not given away"


async def test_new_values_keep_the_cursor_as_far_as_they_reach() -> None:
    app = Shows()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.set_matrix(SCORES, cursor=(2, 3))
        app.view.set_matrix(SCORES[:2, :2])
        assert app.view.cursor == (1, 1)
        app.view.set_matrix(np.zeros((0, 0)))
        await pilot.press("right", "enter")
        await pilot.pause()
        assert lines(app)[0] == "" and "opened" not in str(app.messages)


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (8, 2), (1, 1)])
async def test_any_size_is_drawn_without_an_error(size) -> None:
    app = Shows()
    async with app.run_test(size=size) as pilot:
        app.view.set_matrix(LARGE[:, :500], [f"a rather long label {row}" for row in range(300)], None, "query", "key")
        app.view.focus()
        await pilot.press("ctrl+end", "pageup", "home")
        await pilot.pause()
        for y in range(size[1]):
            assert app.view.render_line(y).cell_length >= 0


async def test_colour_and_no_colour(monkeypatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")

    async def backgrounds() -> tuple[set, str]:
        app = Shows()
        async with app.run_test(size=(80, 12)) as pilot:
            app.view.set_matrix(SCORES)
            app.view.set_lit((slice(None), 1))
            app.view.focus()
            await pilot.pause()
            strips = [app.view.render_line(y) for y in range(5)]
            styles = [segment.style for strip in strips for segment in strip if segment.style]
            assert any(style.underline and style.bold for style in styles)
            reverse = any(style.reverse for style in styles)
            colours = {colour for style in styles for colour in (style.color, style.bgcolor) if colour}
            return {colour.name for colour in colours if colour.type is not ColorType.DEFAULT}, "[0.82]" * reverse

    coloured, _reverse = await backgrounds()
    assert len(coloured) > 6
    monkeypatch.setenv("NO_COLOR", "1")
    colourless, reverse = await backgrounds()
    assert colourless == set()
    assert reverse


async def test_the_theme_is_followed() -> None:
    app = Shows()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.set_matrix(SCORES)
        await pilot.pause()
        dark = app.view.render_line(2)
        app.theme = "textual-light"
        await pilot.pause()
        await pilot.pause()
        light = app.view.render_line(2)
        assert dark.text == light.text
        assert [segment.style for segment in dark] != [segment.style for segment in light]
