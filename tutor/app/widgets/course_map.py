"""The course at a glance: units, their lessons, what is done. Drawn line by line; keys, wheel and mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.display.language import _
from tutor.display.safe import label, safe

NEW, STARTED, DONE = "○", "◐", "●"
NOTE_GAP = 2


@dataclass(frozen=True)
class MapItem:
    """A lesson as the map draws it. Texts are in the interface's language and may be anyone's."""

    id: str
    unit: str
    title: str
    note: str
    mark: str = NEW
    searched: str = ""  # every text of the lesson in every language, in small letters


@dataclass(frozen=True)
class Row:
    """A line of the map: a lesson, or the heading of a unit, or (with neither) empty."""

    item: MapItem | None = None
    heading: str = ""


class CourseMap(ScrollView, can_focus=True):
    """Lessons under their units. One is highlighted; Enter or a double click chooses it."""

    BINDINGS = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "to_end(-1)", show=False),
        Binding("end", "to_end(1)", show=False),
        Binding("enter,space", "choose", show=False),
    ]
    COMPONENT_CLASSES = {
        "course-map--heading",
        "course-map--lesson",
        "course-map--done",
        "course-map--note",
        "course-map--mark",
        "course-map--highlight",
        "course-map--focused",
        "course-map--hover",
    }
    DEFAULT_CSS = """
    CourseMap { height: 1fr; overflow-x: hidden; background: transparent; scrollbar-size-vertical: 1; }
    CourseMap > .course-map--heading { color: $text-muted; text-style: bold; }
    CourseMap > .course-map--lesson { color: $foreground; }
    CourseMap > .course-map--done { color: $text-muted; }
    CourseMap > .course-map--note { color: $text-muted; }
    CourseMap > .course-map--mark { color: $text-accent; }
    CourseMap > .course-map--highlight { background: $boost; text-style: bold; }
    CourseMap > .course-map--focused { background: $panel; text-style: bold; }
    CourseMap > .course-map--hover { background: $boost; }
    """

    highlighted: reactive[str] = reactive("", init=False)
    hovered: reactive[str] = reactive("")
    words: reactive[str] = reactive("", init=False)

    class Highlighted(Message):
        """Another lesson is highlighted ("" where none matches)."""

        def __init__(self, id: str) -> None:
            self.id = id
            super().__init__()

    class Chosen(Message):
        """A lesson is to be opened."""

        def __init__(self, id: str) -> None:
            self.id = id
            super().__init__()

    class LeftAbove(Message):
        """Up was pressed on the first lesson."""

    def __init__(
        self, items: Sequence[MapItem] = (), highlighted: str = "", *, words: str = "", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._items = tuple(items)
        self._rows: list[Row] = []
        self.set_reactive(CourseMap.highlighted, highlighted)
        self.set_reactive(CourseMap.words, words)

    def show(self, items: Sequence[MapItem], highlighted: str | None = None) -> None:
        """Other lessons, or the same ones after some progress."""
        self._items = tuple(items)
        self._lay_out()
        if highlighted is not None:
            self.highlighted = highlighted
        self.refresh()

    # -- what there is --------------------------------------------------------------------------------------------

    @property
    def matching(self) -> list[MapItem]:
        """The lessons in which every word searched for occurs."""
        wanted = self.words.casefold().split()
        return [item for item in self._items if all(word in item.searched for word in wanted)]

    def _lay_out(self) -> None:
        items = self.matching
        units = len({item.unit for item in items})
        airy = len(items) + 2 * units - 1 <= self.size.height
        self._rows = []
        for place, item in enumerate(items):
            if place == 0 or items[place - 1].unit != item.unit:
                if place and airy:
                    self._rows.append(Row())
                self._rows.append(Row(heading=item.unit))
            self._rows.append(Row(item))
        self.virtual_size = Size(self.size.width, len(self._rows) or 1)
        self.refresh()

    def on_resize(self) -> None:
        """Empty lines between the units where there is room for them."""
        self._lay_out()
        self.call_after_refresh(self._bring_into_view)

    def watch_words(self) -> None:
        """A search keeps the highlight where it still fits, else puts it on the first match."""
        self._lay_out()
        found = [item.id for item in self.matching]
        if self.highlighted not in found:
            self.highlighted = found[0] if found else ""
        self._bring_into_view()

    def watch_highlighted(self, id: str) -> None:
        """Keep it in view and tell the screen."""
        self._bring_into_view()
        self.refresh()
        self.post_message(self.Highlighted(id))

    def watch_hovered(self) -> None:
        """Redraw."""
        self.refresh()

    def _bring_into_view(self) -> None:
        for y, row in enumerate(self._rows):
            if row.item and row.item.id == self.highlighted:
                above = 1 if y and not self._rows[y - 1].item else 0
                self.scroll_to_region(Region(0, y - above, 1, 1 + above), animate=False, force=True)

    # -- moving -----------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """To the next lesson, or the one before."""
        found = [item.id for item in self.matching]
        if not found:
            return
        at = found.index(self.highlighted) if self.highlighted in found else -1
        if at + step < 0:
            self.post_message(self.LeftAbove())
        self.highlighted = found[min(max(at + step, 0), len(found) - 1)]

    def action_page(self, direction: int) -> None:
        """A screenful on."""
        for _step in range(max(1, self.size.height - 2)):
            found = self.matching
            if not found or found[0 if direction < 0 else -1].id == self.highlighted:
                break
            self.action_move(direction)

    def action_to_end(self, direction: int) -> None:
        """To the first or the last lesson."""
        if found := self.matching:
            self.highlighted = found[0 if direction < 0 else -1].id

    def action_choose(self) -> None:
        """Open the highlighted lesson."""
        if self.highlighted:
            self.post_message(self.Chosen(self.highlighted))

    # -- the mouse ----------------------------------------------------------------------------------------------------

    def _item_at(self, y: float) -> MapItem | None:
        line = int(y) + self.scroll_offset.y
        return self._rows[line].item if 0 <= line < len(self._rows) else None

    def on_click(self, event: events.Click) -> None:
        """A click highlights, a double click opens."""
        item = self._item_at(event.y)
        if item is None:
            return
        self.highlighted = item.id
        if event.chain == 2:
            self.post_message(self.Chosen(item.id))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show what a click would take."""
        item = self._item_at(event.y)
        self.hovered = item.id if item else ""

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self.hovered = ""

    # -- drawing ------------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the map."""
        width = self.size.width
        line = y + self.scroll_offset.y
        if not self._rows:
            text = _("No lesson matches. Esc shows all.") if y == 0 and self.words else ""
            return Strip([Segment(label(text, width), self.get_component_rich_style("course-map--note"))])
        if line >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[line]
        if row.item is None:
            return Strip([Segment(label(row.heading, width), self.get_component_rich_style("course-map--heading"))])
        return self._lesson(row.item, width)

    def _lesson(self, item: MapItem, width: int) -> Strip:
        here = item.id == self.highlighted
        background = "focused" if self.has_focus else "highlight"
        over = "course-map--" + background if here else "course-map--hover" if item.id == self.hovered else ""
        names = (
            "course-map--mark",
            "course-map--done" if item.mark == DONE else "course-map--lesson",
            "course-map--note",
        )
        mark, title, note = (self._style(name, over) for name in names)
        noted = safe(item.note)
        room = width - 5 - NOTE_GAP - cell_len(noted) - 1
        return Strip(
            [
                Segment("▌ " if here else "  ", mark),
                Segment(label(item.mark, 1) + "  ", note if item.mark == NEW else mark),
                Segment(label(item.title, max(0, room)), title),
                Segment(" " * NOTE_GAP + noted + " ", note),
            ]
        ).adjust_cell_length(width, title)

    def _style(self, name: str, over: str) -> Style:
        style = self.get_component_rich_style(name)
        if over:
            # With what lies below it blended in, which a translucent colour alone cannot be.
            behind = self.get_component_rich_style(over)
            style += Style(bgcolor=behind.bgcolor, bold=behind.bold)
        return style
