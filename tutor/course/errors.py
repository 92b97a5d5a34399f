"""What can be wrong with a lesson or with the file of progress."""

from collections.abc import Callable, Sequence

from tutor.course.schema_parts import Text
from tutor.engine.message import Message


def reason_of(error: OSError) -> str:
    """Why a file cannot be had, as the operating system puts it."""
    return Message(error.strerror) if error.strerror else str(error)


class LessonError(ValueError):
    """Something wrong in a lesson: `file`, `line`, `field`, `message`, `remedy`. `problems` lists all found.

    Line 0 is no line: the whole file is meant, or there is none.
    """

    def __init__(
        self, file: str, line: int, field: str, message: str, remedy: str = "", problems: Sequence["LessonError"] = ()
    ) -> None:
        super().__init__(message)
        self.file, self.line, self.field, self.message, self.remedy = file, line, field, message, remedy
        self.problems: tuple[LessonError, ...] = tuple(problems) or (self,)

    @classmethod
    def gathered(cls, problems: Sequence["LessonError"]) -> "LessonError":
        """One error that stands for several: it reads as the first and carries all."""
        first = problems[0]
        return cls(first.file, first.line, first.field, first.message, first.remedy, problems)

    def one_line(self, say: Callable[[str], str] = str) -> str:
        """`file:line: field: message. remedy`; `say` puts message and remedy into another language."""
        where = (f"{self.file}:{self.line}" if self.line else self.file) + (f": {self.field}" if self.field else "")
        said = self.message
        if self.remedy:
            said = Message("{message}. {remedy}", message=self.message, remedy=self.remedy)
        return f"{where}: {say(said)}"

    def __str__(self) -> str:
        return "\n".join(problem.one_line() for problem in self.problems)


class ProgressError(Exception):
    """Progress that cannot be read, imported or written; `text` says why in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text
