"""Hunting slips in a plain lesson: a printed matrix, cells to mark, and the count."""

from collections.abc import Collection, Iterator

from tutor.course.audit import Finding, Index, Sheet, tally
from tutor.course.exercises import Verdict, unsolved
from tutor.display.formula import linear
from tutor.display.language import _, listed, sentences
from tutor.display.numbers import printed_format
from tutor.display.prose import cell_name
from tutor.display.safe import safe
from tutor.engine.trace import Node
from tutor.plain.matrix import Sheet as Lines
from tutor.plain.matrix import sheet_lines
from tutor.plain.pages import node_head
from tutor.plain.tasks import Attempt, Task
from tutor.plain.why import parsed_index

WIDE = 100
SHOWN = 12  # cells of a kind that are listed one by one
MORE_DECIMALS = 2  # of the recomputed numbers, so that rounding can be told from slips
ALL, NONE, CHECK, MARK, UNCOVER = "all", "none", "check", "mark", "uncover"
WORDS = {
    "all": ALL, "全标": ALL, "none": NONE, "全不标": NONE, "check": CHECK, "核对": CHECK,
    "mark": MARK, "标记": MARK, "uncover": UNCOVER, "揭开": UNCOVER,
}  # fmt: skip


class Auditing(Task):
    """Cells to mark by their places: `mark 0,3 2,1`, then `check`."""

    def begin(self) -> None:
        self.sheet = Sheet(self.step, self.trace)
        self.marked: set[Index] = set()
        self.covered = self.step.audit.covered
        self.finished = False

    @property
    def node(self) -> Node:
        """The recomputed matrix: why a printed number is what it is, nobody knows."""
        return self.sheet.recomputed

    def hidden(self, name: str, index: tuple[int, ...]) -> bool:
        return self.covered and name == self.sheet.recomputed.name

    def formula(self) -> str:
        return self.step.formula or self.sheet.recomputed.formula

    def matrix(self, width: int) -> Iterator[str]:
        yield _("Printed:")
        yield from self._lines(self.sheet.printed, self.sheet.decimals, width)
        if not self.covered:
            yield _("Recomputed:")
            yield from self._lines(self.sheet.recomputed, self.sheet.decimals + MORE_DECIMALS, width)

    def _lines(self, node: Node, decimals: int, width: int) -> Iterator[str]:
        yield node_head(node)
        form = printed_format(node.value, decimals)
        yield from sheet_lines(Lines(node.value, node.labels[0], node.labels[1], form=form), width)

    def prompt(self) -> str:
        return super().prompt() if self.finished else _("mark or check")

    def wanted(self) -> str:
        more = _("uncover shows the recomputed matrix.") if self.covered else _("why 0,3 shows how it is made.")
        return sentences(_("Type mark 0,3 2,1 (rows and columns from 0), all or none; then check."), more)

    def answer(self, text: str) -> Iterator[str]:
        word, _space, rest = text.strip().partition(" ")
        name = WORDS.get(word.lower())
        if name == MARK and rest.strip():
            yield from self._mark(rest.split())
        elif name == ALL:
            self.marked = set(self.sheet.cells)
            yield self._marks()
        elif name == NONE:
            self.marked = set()
            yield self._marks()
        elif name == UNCOVER:
            self.covered = False
            yield from self._lines(self.sheet.recomputed, self.sheet.decimals + MORE_DECIMALS, WIDE)
        elif text.strip().lower() == "o":
            yield from self.matrix(WIDE)
        elif name == CHECK:
            yield from self._check()
        else:
            yield self.wanted() if not self.finished else next(super().answer(text))

    def _mark(self, places: list[str]) -> Iterator[str]:
        """Mark cells, or take their marks away; none of them where one cannot be."""
        found: set[Index] = set()
        for place in places:
            row, column = parsed_index(self.sheet.printed, place)
            found.add((row, column))
        self.marked ^= found
        yield self._marks()
        for cell in sorted(found & self.marked):
            yield from self._arithmetic(cell)

    def _arithmetic(self, cell: Index) -> Iterator[str]:
        text = unsolved(self.trace.explain(self.sheet.recomputed.name, cell))
        if text:
            yield "  " + f"{safe(cell_name(self.trace, self.sheet.printed.name, cell))}: {linear(text)}"

    def _marks(self) -> str:
        return _("Marked: {0}.").format(self._named(self.marked) or _("none"))

    def _check(self) -> Iterator[str]:
        finding = self.sheet.finding(self.marked)
        self.finished, self.covered = True, False
        answer = " ".join(",".join(map(str, cell)) for cell in sorted(self.marked))
        self.attempts.append(Attempt(answer, _verdict(finding)))
        yield sentences(*(text.get(self.language) for text in (finding.summary, self.sheet.count)))
        for title, cells in ((_("Missed: {0}."), finding.misses), (_("Not slips: {0}."), finding.false_alarms)):
            if cells:
                yield title.format(self._named(cells))
        if self.step is self.source.lesson.steps[-1]:
            yield from self._tally()

    def _tally(self) -> Iterator[str]:
        found = tally(self.source.lesson, self.trace)
        for name, slips, size in found:
            yield f"  {safe(name)}: {slips} / {size}"
        total, cells = sum(row[1] for row in found), sum(row[2] for row in found)
        yield _("All the matrices audited here: {0} of {1} cells are slips.").format(total, cells)

    def _named(self, cells: Collection[Index]) -> str:
        places = [",".join(map(str, cell)) for cell in sorted(cells)]
        rest = [_("and {0} more").format(len(places) - SHOWN)] if len(places) > SHOWN else []
        return listed([*places[:SHOWN], *rest])


def _verdict(finding: Finding) -> Verdict:
    return Verdict(finding.right, None, finding.summary, float(len(finding.hits) + len(finding.misses)))
