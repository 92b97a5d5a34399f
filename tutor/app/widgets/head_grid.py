"""All heads of a model as thumbnails of what they attend to: a row for every layer, a column for every head."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.app.widgets.head_picture import Paint, Picture, Section, picture_line
from tutor.app.widgets.matrix_theme import depth_for
from tutor.display.safe import label, pad, safe
from tutor.display.thumbnail import pooled

WIDTHS = (4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64)  # of a thumbnail, in cells
LEAST_LAYERS = 3  # so many should be in view at once


class HeadGrid(ScrollView, can_focus=True):
    """Arrows pick a head. Pictures come one layer at a time; until then its place is empty."""

    DEFAULT_CSS = """
    HeadGrid { height: 1fr; scrollbar-size: 1 1; background: $surface; }
    HeadGrid > .grid--title { color: $text-accent; text-style: bold; }
    HeadGrid > .grid--label { color: $foreground 65%; }
    HeadGrid > .grid--here { color: $foreground; text-style: bold; }
    HeadGrid > .grid--frame { color: $accent; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"grid--{part}" for part in ("title", "label", "here", "frame")}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("home", "move(0, -1000)", show=False),
        Binding("end", "move(0, 1000)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("ctrl+home", "move(-10000, 0)", show=False),
        Binding("ctrl+end", "move(10000, 0)", show=False),
        Binding("plus,equals_sign", "zoom(1)", show=False),
        Binding("minus", "zoom(-1)", show=False),
        Binding("enter", "open", show=False),
    ]

    cursor: reactive[tuple[int, int]] = reactive((0, 0), repaint=False)
    """The layer, counted through all sections, and the head."""

    class Moved(Message):
        """Another head is picked."""

    class Opened(Message):
        """Enter, or a double click."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sections: tuple[Section, ...] = ()
        self.pictures: dict[str, Picture] = {}
        self._layers: list[tuple[Section, int]] = []  # section and layer, from the top
        self._lines: list[tuple[int, int]] = []  # of every line: layer from the top (-1: a title) and line within it
        self._zoomed: int | None = None  # which of WIDTHS, where the learner chose one
        self._wide = WIDTHS[0]
        self._drawn: dict[str, np.ndarray] = {}  # the pictures in the size they are drawn in

    def show(self, sections: Sequence[Section], cursor: tuple[int, int] = (0, 0)) -> None:
        """Other heads; their pictures are to be added."""
        self.sections, self.pictures, self._drawn = tuple(sections), {}, {}
        self._layers = [(section, layer) for section in self.sections for layer in range(len(section.names))]
        self._arrange()
        self.cursor = cursor
        self._show_cursor()

    def add(self, pictures: Mapping[str, Picture]) -> None:
        """The pictures of some layers, by the names of their weights."""
        self.pictures |= pictures
        self._drawn = {name: drawn for name, drawn in self._drawn.items() if name not in pictures}
        self.refresh()

    @property
    def picked(self) -> tuple[str, int]:
        """The name of the weights, and the head in them."""
        section, layer = self._layers[self.cursor[0]]
        return section.names[layer], self.cursor[1]

    def layer_of(self, name: str) -> int:
        """Where a layer stands, counted from the top. ValueError where there is none of that name."""
        return [section.names[layer] for section, layer in self._layers].index(name)

    def blocks(self, queries: int, keys: int) -> tuple[int, int]:
        """How many queries and keys of a matrix of this size share one dot of its picture; at the least 1."""
        rows = self._tall if self._in_shades else 2 * self._tall
        return max(1, -(-queries // rows)), max(1, -(-keys // self._wide))

    # Sizes.

    @property
    def _side(self) -> int:
        return 1 + max((len(str(len(section.names))) for section in self.sections), default=1)

    @property
    def _heads(self) -> int:
        return max((section.heads for section in self.sections), default=1)

    @property
    def _tall(self) -> int:
        return (self._wide + 1) // 2

    def _fits(self, wide: int, layers: int = LEAST_LAYERS) -> bool:
        """Whether all heads stand side by side, and so many layers below each other."""
        # One cell is for the scrollbar.
        across = self._side + self._heads * (wide + 1) + 2 <= self.content_size.width
        least = min(layers, len(self._layers))
        return across and least * ((wide + 1) // 2 + 1) + 2 <= self.content_size.height

    def _arrange(self) -> None:
        if not self.size.width:
            return
        place = self._zoomed if self._zoomed is not None else self._best()
        self._wide, self._drawn = self._snapped(WIDTHS[place]), {}
        self._lines = []
        for number, (section, layer) in enumerate(self._layers):
            if layer == 0:
                self._lines.append((-1, self.sections.index(section)))
            self._lines += [(number, line) for line in range(self._tall + 1)]
        hidden = max(0, self._heads - self._shown_heads) * (self._wide + 1)
        natural = self._side + self._heads * (self._wide + 1) + 1
        wide = self.scrollable_content_region.width + hidden if hidden else natural
        self.virtual_size = Size(wide, 1 + len(self._lines))
        self.refresh()

    def _best(self) -> int:
        """Which width suits: the largest that leaves some layers in view; a larger one where it shows every key."""
        place = max((place for place, wide in enumerate(WIDTHS) if self._fits(wide)), default=0)
        whole = bisect_left(WIDTHS, self._keys)
        return whole if place < whole < len(WIDTHS) and self._fits(WIDTHS[whole], LEAST_LAYERS - 1) else place

    @property
    def _keys(self) -> int:
        return max((section.keys for section in self.sections), default=1)

    def _snapped(self, wide: int) -> int:
        """A width of which small matrices leave nothing empty: a whole number of cells for every key."""
        keys = self._keys
        return max(WIDTHS[0], wide // keys * keys) if keys <= wide else wide

    @property
    def _shown_heads(self) -> int:
        return max(1, (self.scrollable_content_region.width - self._side - 1) // (self._wide + 1))

    @property
    def _first_head(self) -> int:
        return min(self.scroll_offset.x // (self._wide + 1), max(0, self._heads - self._shown_heads))

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self._show_cursor()

    def watch_show_vertical_scrollbar(self) -> None:
        self.call_after_refresh(self._show_cursor)

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One line of what can be seen: the heads' numbers at the top, then titles and pictures."""
        width = self.size.width
        if y == 0:
            return self._header(width)
        at = y - 1 + self.scroll_offset.y
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        number, line = self._lines[at]
        if number < 0:
            title = label(safe(self.sections[line].title), width)
            return Strip([Segment(title, self.rich_style + self._part("title"))], width)
        return self._layer_line(number, line, width)

    def _header(self, width: int) -> Strip:
        segments = [Segment(" " * self._side, self.rich_style)]
        for head in self._in_view(self._heads):
            style = self._part("here" if head == self.cursor[1] else "label")
            segments.append(Segment(" " + pad(str(head + 1), self._wide, "center"), self.rich_style + style))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _in_view(self, heads: int) -> range:
        return range(self._first_head, min(heads, self._first_head + self._shown_heads))

    def _layer_line(self, number: int, line: int, width: int) -> Strip:
        section, layer = self._layers[number]
        base, picture = self.rich_style, self.pictures.get(section.names[layer])
        here = number == self.cursor[0]
        text = str(layer + 1) if line == 0 else ""
        segments = [Segment(pad(text, self._side - 1, "right") + " ", base + self._part("here" if here else "label"))]
        pixels = self._pixels(section.names[layer])
        paint = self._paint
        ends = False  # whether the picked head's frame is still to be closed
        for head in self._in_view(section.heads):
            picked = here and head == self.cursor[1]
            frame = "▐" if picked else "▌" if ends else " "
            segments.append(Segment(frame, base + self._part("frame")))
            ends = picked
            if picture is None or pixels is None:
                segments.append(Segment(pad("…" if line == 0 else "", self._wide), base + self._part("label")))
            elif line == self._tall:
                word = pad(picture.words[head], self._wide, "center")
                segments.append(Segment(word, base + self._part("here" if picked else "label")))
            else:
                segments += picture_line(pixels[head], line, self._wide, paint)
        segments.append(Segment("▌" if ends else " ", base + self._part("frame")))
        return Strip(segments).adjust_cell_length(width, base)

    def _pixels(self, name: str) -> np.ndarray | None:
        """The picture of a layer in the size it is drawn in, [head, row, column]."""
        if name in self.pictures and name not in self._drawn:
            rows = self._tall if self._in_shades else 2 * self._tall
            self._drawn[name] = pooled(self.pictures[name].weights, rows, self._wide)
        return self._drawn.get(name)

    @property
    def _in_shades(self) -> bool:
        return depth_for(self.app) != "full"

    @property
    def _paint(self) -> Paint:
        background = "#{:02x}{:02x}{:02x}".format(*self.background_colors[1].rgb)
        return Paint(self.rich_style, background, self.app.current_theme.dark, self._in_shades)

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"grid--{name}", partial=True)

    # The cursor.

    def validate_cursor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        if not self._layers:
            return 0, 0
        layer = max(0, min(cursor[0], len(self._layers) - 1))
        return layer, max(0, min(cursor[1], self._layers[layer][0].heads - 1))

    def watch_cursor(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        if old != new and self.is_attached:
            self.refresh()
            self._show_cursor()
            self.post_message(self.Moved())

    def _show_cursor(self) -> None:
        """Scroll as little as needed to have the picked head in view; at the top of a section, its title too."""
        if not self._lines or not self.size.height:
            return
        layer, head = self.cursor
        first = self._lines.index((layer, 0))
        last = first + self._tall
        if first and self._lines[first - 1][0] < 0:
            first -= 1
        y, room = self.scroll_offset.y, self.scrollable_content_region.height - 1
        y = first if first < y else max(y, last - room + 1)
        x, step = self._first_head, self._wide + 1
        x = head if head < x else max(x, head - self._shown_heads + 1)
        if (x, y) != (self._first_head, self.scroll_offset.y):
            self.scroll_to(x * step, y, animate=False, force=True)

    def action_move(self, layers: int, heads: int) -> None:
        """Another layer, another head."""
        self.cursor = (self.cursor[0] + layers, self.cursor[1] + heads)

    def action_page(self, pages: int) -> None:
        """As many layers on as are in view."""
        shown = max(1, (self.scrollable_content_region.height - 1) // (self._tall + 1))
        self.cursor = (self.cursor[0] + pages * shown, self.cursor[1])

    def action_zoom(self, by: int) -> None:
        """Larger or smaller thumbnails."""
        before, place = self._wide, bisect_right(WIDTHS, self._wide) - 1
        while self._wide == before and 0 <= place + by < len(WIDTHS):  # small matrices skip some widths
            place += by
            self._zoomed = place
            self._arrange()
        self._show_cursor()

    def action_open(self) -> None:
        """The picked head's matrix."""
        if self._layers:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Pick the head under the mouse; a double click opens it."""
        offset = event.get_content_offset(self)
        at = offset.y - 1 + self.scroll_offset.y if offset is not None and offset.y else -1
        if offset is None or not 0 <= at < len(self._lines) or offset.x < self._side:
            return
        number, _line = self._lines[at]
        head = (offset.x - self._side) // (self._wide + 1)
        if number >= 0 and head < self._shown_heads:
            event.stop()
            self.cursor = (number, self._first_head + head)
            if event.chain == 2:
                self.action_open()
