import numpy as np
import pytest
from rich.cells import cell_len
from rich.style import Style

from tutor.app.widgets.matrix_lines import MatrixLines, Styles
from tutor.app.widgets.matrix_table import Blank, MatrixTable, difference
from tutor.display.colours import scale_for

SCORES = np.array([[0.8234, 0.11, -0.4, 1.2749], [0.5, 0.0, 1e-9, -np.inf]])
WORDS = ["I", "am", "a", "student"]
PLAIN = Styles(*[Style()] * 12)


def drawn(table: MatrixTable, width: int = 60, scroll: int = 0, cursor: tuple[int, int] = (-1, -1)) -> list[str]:
    lines = MatrixLines(table, scale_for(table.shown, depth="none"), PLAIN)
    window = lines.window(width, scroll)
    rows = [lines.row(window, row, cursor[1] if row == cursor[0] else None, True) for row in range(table.rows)]
    return [strip.text.rstrip() for strip in (lines.header(window, cursor[1]), lines.rule(window), *rows)]


def test_a_small_matrix_is_a_typeset_table() -> None:
    table = MatrixTable(SCORES, WORDS[:2], WORDS, "query", "key", "scaled")
    assert drawn(table, cursor=(0, 3)) == [
        "  key →         I       am        a  student",
        "query ↓ ┌────────────────────────────────────",
        "I       │    0.82     0.11    -0.40    [1.27]",
        "am      │    0.50        0       ~0       -∞",
    ]
    assert table.caption == "scaled  query × key  2×4"


def test_wide_characters_are_measured_in_cells() -> None:
    labels = ["我", "日本", "学生们今天", "[MASK]"]
    lines = drawn(MatrixTable(SCORES, labels[:2], labels, "query", "key"))

    assert len({cell_len(line) for line in lines[1:2] + [lines[2] + " "]}) == 1
    assert "学生们…" in lines[0] and "[MASK]" in lines[0]
    assert lines[3].startswith("日本    │")


def test_labels_are_made_safe() -> None:
    lines = drawn(MatrixTable(SCORES, ["\x1b[2J", "\u202eab"], ["a\nb", "[/]", "[b]", ""], "q\x1b", "k"))
    text = "\n".join(lines)
    assert "\x1b" not in text and "\u202e" not in text and "a⏎b" in text and "[/]" in text


def test_only_whole_columns_are_drawn() -> None:
    table = MatrixTable(np.arange(40.0).reshape(2, 20) + 0.5)
    lines = drawn(table, width=3 + 3 * table.column_width + 2)
    assert lines[2].split() == ["0", "│", "0.50", "1.50", "2.50"]
    scrolled = drawn(table, width=3 + 3 * table.column_width + 2, scroll=17 * table.column_width)
    assert scrolled[0].split() == ["17", "18", "19"]


def test_a_vector_is_one_row_and_an_empty_matrix_is_nothing() -> None:
    vector = MatrixTable(np.array([3, 0, 12]), None, WORDS[:3], column_axis="position", name="tokens")
    assert drawn(vector) == ["  I  am   a", "─ position →", "  3   0  12"]
    assert drawn(MatrixTable(np.arange(9), column_axis="feature"))[1] == "─ feature → ───────────────"
    assert vector.caption == "tokens  position  3"
    assert MatrixTable(np.zeros((0, 3))).column_width >= 3
    with pytest.raises(ValueError, match="two axes"):
        MatrixTable(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="labels"):
        MatrixTable(SCORES, ["one"])


def test_labels_are_cut_shorter_only_where_all_columns_then_fit() -> None:
    table = MatrixTable(SCORES, WORDS[:2], WORDS)
    assert table.number_width == 7
    side = table.side_width + 1
    assert table.make_room(side + 4 * 8)
    assert table.number_width == 6 and "stude…" in drawn(table, width=side + 4 * 8)[0]
    assert table.make_room(side + 4 * 5)
    assert table.number_width == 7
    assert not table.make_room(200)


def test_longer_labels_stand_whole_where_all_columns_then_fit() -> None:
    table = MatrixTable(SCORES[:, :2], WORDS[:2], ["temperature", "The cat eats."])
    assert table.number_width == 8
    side = table.side_width + 1
    assert table.make_room(side + 2 * (13 + 2)) and table.number_width == 13
    assert "temperature" in drawn(table, width=60)[0] and "The cat eats." in drawn(table, width=60)[0]
    assert table.make_room(side + 2 * (13 + 2) - 1) and table.number_width == 8


def test_labels_are_asked_for_only_where_they_are_seen() -> None:
    asked: list[int] = []

    def labelled(column: int) -> str:
        asked.append(column)
        return f"feature {column}"

    table = MatrixTable(np.zeros((3, 50_000), dtype=np.float32), None, labelled)
    drawn(table, width=80, scroll=30_000 * table.column_width)
    assert len(asked) < 300
    assert table.column_width <= 10


def test_blanks_answers_and_marks() -> None:
    table = MatrixTable(SCORES, WORDS[:2], WORDS)
    table.blanks = {(0, 0): Blank(), (0, 1): Blank("0.11", True), (0, 2): Blank("0.4", False), (1, 0): Blank("0.")}
    table.forget_width()
    lines = drawn(table, cursor=(0, 1))
    assert lines[2].split() == ["I", "│", "____", "[0.11]✓", "0.4", "✗", "1.27"]
    assert lines[3].split() == ["am", "│", "0.", "0", "~0", "-∞"]


def test_a_difference_shows_only_what_changed() -> None:
    before = SCORES.copy()
    before[0, 0] -= 0.5
    before[1, 3] = -np.inf
    table = MatrixTable(SCORES)
    table.set_before(before)
    assert drawn(table)[2].split() == ["0", "│", "+0.50", "·", "·", "·"]
    assert drawn(table)[3].split() == ["1", "│", "·", "·", "·", "·"]
    with pytest.raises(ValueError, match="compare"):
        table.set_before(before[:, :2])


def test_a_difference_of_infinities() -> None:
    change = difference(np.array([-np.inf, -np.inf, 1.0, np.nan]), np.array([-np.inf, 2.0, -np.inf, np.nan]))
    assert change.tolist() == [0.0, np.inf, -np.inf, 0.0]


def test_lit_regions() -> None:
    table = MatrixTable(np.zeros((4, 5)))
    table.light([(1, slice(None)), (slice(None), -1), (slice(0, 2), slice(1, 3))])
    assert table.lit_columns(1) == ((0, 5), (4, 5), (1, 3))
    assert table.lit_columns(3) == ((4, 5),)
    # A whole row says something about its own label, not about every column's.
    assert [table.row_is_lit(row) for row in range(4)] == [True, True, False, False]
    assert [table.column_is_lit(column) for column in range(5)] == [False, True, True, False, True]


def test_the_quick_way_of_drawing_says_the_same() -> None:
    values = np.concatenate(
        [np.random.default_rng(0).normal(size=40) * 10.0 ** np.arange(-20, 20), [0, np.nan, np.inf]]
    )
    table = MatrixTable(values)
    lines = MatrixLines(table, scale_for(values), PLAIN)
    window = lines.window(10_000, 0)
    quick = [segment.text for segment in lines._plain_cells(window, 0)]
    assert quick == [lines._cell_text(0, column, False) for column in range(table.columns)]
    small = MatrixTable(np.array([0.004, -0.004, 0.006, 99.0, -9.999, 0.5]))
    lines = MatrixLines(small, scale_for(small.values), PLAIN)
    quick = [segment.text for segment in lines._plain_cells(lines.window(10_000, 0), 0)]
    assert quick == [lines._cell_text(0, column, False) for column in range(small.columns)]
