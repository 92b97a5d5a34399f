"""Matrices too wide for the page are taken apart by columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.worksheet.blocks import Grid, GridCell, Widths, parts

PAGE = Widths(character=1, padding=2, box=8, room=40)


def grid(columns: int, text: str = "0.12", blank: int | None = None) -> Grid:
    cells = tuple(GridCell(text, blank) for _column in range(columns))
    return Grid("scaled", ("I", "am"), tuple(str(place) for place in range(columns)), (cells, cells), "a note")


def test_what_fits_stays_whole():
    assert parts(grid(6), PAGE) == [grid(6)]


def test_a_wide_matrix_is_split_evenly_and_keeps_its_note_for_the_last_part():
    found = parts(grid(13), PAGE)
    assert [len(part.columns) for part in found] == [4, 5, 4] or [len(part.columns) for part in found] == [4, 4, 5]
    assert [part.note for part in found] == ["", "", "a note"]
    assert "".join(label for part in found for label in part.columns) == "0123456789101112"


def test_boxes_need_room_to_write_in():
    assert len(parts(grid(6, blank=1), PAGE)) == 2


@given(st.lists(st.text(max_size=60), min_size=1, max_size=20), st.booleans())
def test_no_column_is_lost_and_no_part_is_empty(labels, boxes):
    cells = tuple(GridCell(label, 0 if boxes else None) for label in labels)
    found = parts(Grid("", ("",), tuple(labels), (cells,)), PAGE)
    assert [label for part in found for label in part.columns] == labels
    assert all(part.columns for part in found)


@pytest.mark.parametrize("columns", [1, 2, 60])
def test_a_column_wider_than_the_page_stands_alone(columns):
    assert [len(part.columns) for part in parts(grid(columns, "9" * 60), PAGE)] == [1] * columns
