"""Hunting slips in a printed matrix: what the learner has marked, and what that shows. Plain data, no widget."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.app.widgets.key_line import Hint
from tutor.app.widgets.matrix_table import Blank
from tutor.course.audit import Finding, Index, Sheet, tally
from tutor.course.exercises import unsolved
from tutor.course.schema import Lesson
from tutor.display.formula import linear
from tutor.display.language import _, sentences
from tutor.display.numbers import printed_format
from tutor.display.prose import cell_name
from tutor.engine.explanation import Cell, Explanation

MARKED, MISSED = "•", "○"
MORE_DECIMALS = 2  # of the recomputed numbers, so that rounding can be told from slips


@dataclass(frozen=True)
class AuditState:
    """The sheet, the cells marked, where the cursor is, and what has been uncovered or checked."""

    sheet: Sheet
    lesson: Lesson
    marked: frozenset[Index] = frozenset()
    at: Index = (0, 0)
    covered: bool = False
    finding: Finding | None = None

    @classmethod
    def begun(cls, sheet: Sheet, lesson: Lesson) -> AuditState:
        """Nothing marked yet."""
        return cls(sheet, lesson, covered=sheet.step.audit.covered)

    def toggled(self) -> AuditState:
        """The cell under the cursor marked, or its mark taken away; after the check nothing changes."""
        return self if self.finding else replace(self, marked=self.marked ^ {self.at})

    def all_or_none(self) -> AuditState:
        """Every cell marked, or none where all were."""
        every = frozenset(self.sheet.cells)
        return self if self.finding else replace(self, marked=frozenset() if self.marked == every else every)

    def checked(self) -> AuditState:
        """Held against the recomputed matrix, which is now in view."""
        return replace(self, finding=self.sheet.finding(self.marked), covered=False)

    def uncovered(self) -> AuditState:
        """The recomputed matrix in view."""
        return replace(self, covered=False)

    def again(self) -> AuditState:
        """Another try, with the marks that were right."""
        return replace(self, finding=None, marked=self.finding.hits) if self.finding else self

    def cells(self) -> dict[Index, Blank]:
        """The printed cells that carry a mark: marked •; once checked ✓ a slip found, ✗ no slip, ○ one missed."""
        form = printed_format(self.sheet.printed.value, self.sheet.decimals)
        value = self.sheet.printed.value
        if self.finding is None:
            return {cell: Blank(form(value[cell]), mark=MARKED) for cell in self.marked}
        found = {cell: Blank(form(value[cell]), True) for cell in self.finding.hits}
        missed = {cell: Blank(form(value[cell]), mark=MISSED) for cell in self.finding.misses}
        return {**found, **missed, **{cell: Blank(form(value[cell]), False) for cell in self.finding.false_alarms}}

    def about_cell(self) -> str:
        """The arithmetic of the cell under the cursor from the printed numbers before it; its result if uncovered."""
        trace, node = self.sheet.trace, self.sheet.recomputed
        printed = printed_format(self.sheet.printed.value, self.sheet.decimals)(self.sheet.printed.at(self.at))
        arithmetic = linear(unsolved(self._computed())) or "…"
        exact = printed_format(node.value, self.sheet.decimals + MORE_DECIMALS)(node.at(self.at))
        name, result = cell_name(trace, self.sheet.printed.name, self.at), "?" if self.covered else exact
        return _("{0} printed {1}; recomputed {2}").format(name, printed, f"{arithmetic} = {result}")

    def _computed(self) -> Explanation:
        """The cell under the cursor where it was computed: one that was only turned or renamed is followed back."""
        trace, cell = self.sheet.trace, Cell(self.sheet.recomputed.name, self.at, 0.0)
        while (why := trace.explain(cell.node, cell.index)).kind == "copy" and trace[why.cells[0].node].inputs:
            cell = why.cells[0]
        return why

    def rule(self) -> str:
        """What counts as a slip; after the check, what the marks mean."""
        if self.finding is not None:
            return _("✓ found  ✗ no slip  ○ missed")
        unit = f"{10.0**-self.sheet.decimals:.{self.sheet.decimals}f}"
        said = _("A slip is off by {0} or more: a whole unit of the last decimal printed.")
        return said.format(unit)

    def said(self, language: str) -> str:
        """The marks counted, or after the check the verdict; after a lesson's last audit all of it counted."""
        if self.finding is None:
            return _("{0} marked").format(len(self.marked))
        said = sentences(self.finding.summary.get(language), self.sheet.count.get(language))
        return "\n".join([said, *self._tally()])

    def _tally(self) -> list[str]:
        if self.sheet.step is not self.lesson.steps[-1]:
            return []
        found = tally(self.lesson, self.sheet.trace)
        slips, cells = sum(row[1] for row in found), sum(row[2] for row in found)
        return [_("All the matrices audited here: {0} of {1} cells are slips.").format(slips, cells)]

    def hints(self) -> tuple[Hint, ...]:
        """The keys that help now."""
        leave = Hint("esc", _("back to the lesson"), "screen.leave")
        help_hint = Hint("?", _("keys"), "screen.help")
        if self.finding is not None:
            again = () if self.finding.right else (Hint("r", _("try again"), "screen.again"),)
            return (leave, *again, help_hint)
        uncover = (Hint("u", _("uncover"), "screen.uncover"),) if self.covered else ()
        return (
            Hint("space", _("mark"), "screen.mark"),
            Hint("c", _("check"), "screen.check"),
            Hint("a", _("all or none"), "screen.all"),
            *uncover,
            leave,
            help_hint,
        )
