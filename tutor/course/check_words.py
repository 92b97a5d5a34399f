"""The words of a lesson: both languages really there, and short enough for the small screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tutor.course.schema import Ask, Explain, Lesson, Text
from tutor.course.schema_parts import GRADES

# Characters of English and of Chinese; Chinese ones are two cells wide.
LIMITS = {
    "title": (48, 32),
    "summary": (120, 60),
    "say": (460, 230),
    "ask": (240, 120),
    "text": (140, 70),
    "why": (260, 130),
    "hints": (260, 130),
}
CHINESE = re.compile("[\u3400-\u9fff]")
MARKED = re.compile(r"(?<!\*)\*(?!\*)[A-Za-z][\w. ]*(?<!\*)\*(?!\*)|`[^`]+`")
LATEX = re.compile(r"\\[A-Za-z]+")


def texts(lesson: Lesson) -> Iterator[tuple[str, str, Text]]:
    """Every text of a lesson: its field, its part (a key of LIMITS), and the text."""
    yield "title", "title", lesson.title
    yield "summary", "summary", lesson.summary
    for number, step in enumerate(lesson.steps):
        place = f"steps[{number}]"
        if step.title:
            yield f"{place}.title", "title", step.title
        if step.say:
            yield f"{place}.say", "say", step.say
        for n, hint in enumerate(step.hints):
            yield f"{place}.hints[{n}]", "hints", hint
        if isinstance(step, Explain):
            yield f"{place}.explain", "ask", step.explain
            for grade in GRADES:
                for n, point in enumerate(getattr(step.points, grade)):
                    yield f"{place}.points.{grade}[{n}]", "hints", point
            for n, wrong in enumerate(step.wrong):
                yield f"{place}.wrong[{n}].says", "text", wrong.says
                yield f"{place}.wrong[{n}].why", "why", wrong.why
        if isinstance(step, Ask):
            yield f"{place}.ask", "ask", step.ask
            for n, choice in enumerate(step.choices):
                yield f"{place}.choices[{n}].text", "text", choice.text
                yield f"{place}.choices[{n}].why", "why", choice.why


def word_problems(lesson: Lesson) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the words: field, message, remedy."""
    for field, part, text in texts(lesson):
        for language, words, limit in zip(("en", "zh"), (text.en, text.zh), LIMITS[part], strict=True):
            if not words.strip():
                yield f"{field}.{language}", "is empty", "Every text is given in English and in Chinese"
            elif len(words.strip()) > limit:
                yield (
                    f"{field}.{language}",
                    f"is {len(words.strip())} characters long; {limit} fit the small screen",
                    "Say less, or make it two steps",
                )
        for words in (text.en, text.zh) if part == "say" else ():
            if mark := _not_bold(words):
                yield field, f"is not bold at {mark}", "Put the ** beside a letter: brackets and quotes go outside"
        for words in (text.en, text.zh) if part != "say" else ():
            if found := MARKED.search(words):
                yield field, f"holds {found.group()}, which only `say` marks up", "Use quotes, or **bold**"
        if part in ("say", "ask", "why", "summary") and len(text.zh) > 8 and not CHINESE.search(text.zh):
            yield f"{field}.zh", "holds no Chinese", "Write it in Chinese"
        if part in ("say", "ask", "why", "hints") and (found := LATEX.search(text.en + text.zh)):
            yield field, f"holds LaTeX ({found.group()}), which is not drawn inside words", "Put it in formula:"


def _not_bold(words: str) -> str:
    """Where ** is no mark: between a letter outside and a bracket or the like inside (CommonMark, section 6.2)."""
    for place, (before, after) in enumerate(pairwise(words.split("**"))):
        outside, inside = (after[:1], before[-1:]) if place % 2 else (before[-1:], after[:1])
        if outside.isalnum() and not inside.isalnum():
            return f"{before[-3:]}**{after[:3]}"
    return ""
