"""When a card is asked again: the Free Spaced Repetition Scheduler (library `fsrs`) on the cards of a learner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tutor.course.progress_export import Card

if TYPE_CHECKING:
    import fsrs

AGAIN, HARD, GOOD, EASY = GRADES = (1, 2, 3, 4)


class Schedule:
    """Grades to dates. With `fuzz`, long intervals vary by some percent, so that cards begun together drift apart."""

    def __init__(self, fuzz: bool = True) -> None:
        # Late: whoever only looks at the home screen needs no scheduler.
        from fsrs import Scheduler

        self._scheduler = Scheduler(enable_fuzzing=fuzz)
        self._exact = Scheduler(enable_fuzzing=False)

    def graded(self, identifier: str, card: Card | None, grade: int, now: float) -> Card:
        """The card after this grade at `now` (seconds since 1970); `card` is None where it was never graded."""
        return _after(self._scheduler, identifier, card, grade, now)

    def foreseen(self, identifier: str, card: Card | None, now: float) -> tuple[float, ...]:
        """When the card would be due after each of the GRADES, before any fuzz."""
        return tuple(_after(self._exact, identifier, card, grade, now).due for grade in GRADES)


def _after(scheduler: fsrs.Scheduler, identifier: str, card: Card | None, grade: int, now: float) -> Card:
    import fsrs  # late, as above

    moment = datetime.fromtimestamp(now, UTC)
    before = fsrs.Card(card_id=0, due=moment)
    if card is not None:
        state = fsrs.State(card.state)
        before = fsrs.Card(
            card_id=0,
            state=state,
            step=None if state is fsrs.State.Review else card.step or 0,
            stability=card.stability,
            difficulty=card.difficulty,
            due=datetime.fromtimestamp(card.due, UTC),
            last_review=datetime.fromtimestamp(card.last_review, UTC),
        )
    after, _log = scheduler.review_card(before, fsrs.Rating(grade), moment)
    assert after.stability is not None and after.difficulty is not None
    return Card(
        id=identifier,
        state=after.state.value,
        step=after.step,
        stability=after.stability,
        difficulty=after.difficulty,
        due=after.due.timestamp(),
        last_review=now,
    )
