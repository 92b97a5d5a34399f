"""Where a plain lesson's numbers come from: its model on the learner's sentence, or its hand-size program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from tutor.course.fitting import takes_target
from tutor.course.programs import run_program
from tutor.course.schema import Lesson
from tutor.display.language import _
from tutor.engine.choosing import Decoding
from tutor.engine.trace import Trace
from tutor.models.errors import ModelError
from tutor.models.generation import Generation
from tutor.models.registry import load_model
from tutor.models.rerun import Edit, editor, rerun
from tutor.plain.streams import working

SETTINGS = tuple(one.name for one in fields(Decoding))
Key = tuple[tuple[str, Any], ...]


@dataclass
class Source:
    """Traces of one lesson, each run once. A new sentence starts anew and lets the model answer by itself."""

    lesson: Lesson
    language: str
    model: str | None = None
    backend: str = "numpy"
    sentence: str | None = None
    target: str | None = None
    own_sentence: bool = False
    _traces: dict[Key, Trace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.own_sentence = self.sentence is not None
        if self.sentence is None and self.lesson.sentence is not None:
            self.sentence = self.lesson.sentence.get(self.language)
        self._model = None if self.lesson.program else load_model(self.model or self.lesson.model or "translator")

    def again(self, config: Mapping[str, Any], edits: Mapping[str, Sequence[Edit]]) -> Trace:
        """The plain run with changes to the config and to single cells; not kept. Raises what the model raises."""
        change = {name: editor(found) for name, found in edits.items()}
        if self.lesson.program:
            return run_program(self.lesson.program, change=change)
        assert self._model is not None
        return rerun(self._model, self.trace(), config, change, self.backend)

    def trace(self, config: Mapping[str, Any] | None = None) -> Trace:
        """The trace with these changes to the config. Raises what the model raises on input it cannot use."""
        key = tuple(sorted((config or {}).items()))
        if key not in self._traces:
            self._traces[key] = self._run(config)
        return self._traces[key]

    def _run(self, config: Mapping[str, Any] | None) -> Trace:
        if self.lesson.program:
            return run_program(self.lesson.program)
        assert self._model is not None
        target = self.target
        lessons_own = self.model in (None, self.lesson.model) or takes_target(self._model.config)
        if target is None and self.lesson.target is not None and not self.own_sentence and lessons_own:
            target = self.lesson.target.get(self.language)
        with working(_("tracing")):
            return self._model.trace(
                self.sentence or "I am a student",
                target=target,
                config=config or None,
                backend=self.backend,
                pad_to=self.lesson.pad_to,
            )

    def generate(self, settings: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Generation:
        """What the model makes of the sentence with these settings; raises ModelError for settings that cannot be."""
        if self._model is None:
            raise ModelError("a hand-size program generates nothing")
        unknown = set(settings) - set(SETTINGS)
        if unknown:
            names = {"name": sorted(unknown)[0], "known": ", ".join(SETTINGS)}
            raise ModelError("there is no setting {name}; there are {known}", **names)
        with working(_("generating")):
            sentence = self.sentence or "I am a student"
            return self._model.generate(sentence, config=config or None, backend=self.backend, **settings)

    def change_sentence(self, sentence: str) -> None:
        """Another sentence, tried at once: when the model cannot use it the old one stays and the error is raised."""
        before = (self.sentence, self.own_sentence, self._traces)
        self.sentence, self.own_sentence, self._traces = sentence, True, {}
        try:
            self.trace()
        except Exception:
            self.sentence, self.own_sentence, self._traces = before
            raise
