"""`tutor lessons new ID`: a commented lesson to start from, which itself passes `tutor lessons check`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from tutor.course.errors import LessonError, reason_of
from tutor.course.files import lesson_files
from tutor.course.schema import Identifier
from tutor.engine.message import Message

TEMPLATE = r"""# A lesson. `tutor lessons check {file}` says what is wrong with it, with the line.
# YAML traps: put no, yes, on, off, 012, 1:30 and text with ': ' or '#' in quotes, and LaTeX in single quotes.
format: 1
id: {id}
unit: 3                       # 0 overview, 1 by hand, 2 vectors, 3 attention, 4 block, 5 decoder, 6 training, 7 family
title: {{en: A new lesson, zh: 新的一课}}
summary: {{en: One line that says what the learner can do afterwards., zh: 用一句话说清学完能做什么。}}
minutes: 5
assumes: []                   # ids of lessons to do before this one
model: translator             # or a hand-size program in its place, see attention-by-hand
sentence: {{en: I am a student, zh: I am a student}}    # the learner's own sentence replaces it
target: {{en: 我是学生, zh: 我是学生}}                   # only for a model with a decoder; may be left out
steps:
  # Show a node (`tutor trace SENTENCE` lists them; a glob such as encoder.*.scores takes the first match).
  - show: encoder.0.self_attention.scores
    title: {{en: Scores, zh: 分数}}
    look_at: {{query: last, key: first}}         # axis: number from 0, first, last or largest
    formula: 'S=QK^{{\top}}'                     # may be left out: the node has its own
    say:
      en: |
        Two to five short sentences. **Now you**: end with something to do, such as finding the largest score.
      zh: |
        两到五个短句。**动手**：最后让学习者做点什么，比如找出最大的分数。

  # Cells to fill in. Mistakes are recognised by their numbers; their names stand in tutor/course/mistakes.py.
  - exercise: {{fill: encoder.0.self_attention.scaled, cells: 3, mistakes: [unscaled, scaled_by_d_model]}}
    say:
      en: Divide each score by the root of the width of one head.
      zh: 每个分数除以一个头的宽度的平方根。
    hints:                                     # from a nudge to the arithmetic, never the number itself
      - {{en: The width of one head is the number of columns of its query., zh: 一个头的宽度，就是它的 query 有几列。}}

  # A question. Exactly one choice is right, and every choice says why.
  - ask: {{en: 'What does a row of the weights sum to?', zh: '权重的一行合计是多少？'}}
    show: encoder.0.self_attention.weights
    choices:
      - text: {{en: to one, zh: 一}}
        right: true
        why: {{en: The softmax divides by the sum of the row., zh: softmax 除以了这一行的和。}}
      - text: {{en: to the number of words, zh: 词的个数}}
        why: {{en: That is what all rows together sum to., zh: 那是所有行加在一起的和。}}

  # A switch for the learner to set; the step is done when the model has run with it.
  - try: {{config: {{scale_scores: false}}}}
    show: encoder.0.self_attention.weights
    say:
      en: Switch the scaling off and watch the rows grow sharper.
      zh: 关掉缩放，看看各行变得多尖。
"""


def new_lesson(identifier: str, folder: Path) -> Path:
    """Write a template lesson to `folder`/ID.yaml and return its path. LessonError where the id is bad or taken."""
    pattern = get_args(Identifier)[1].pattern
    path = folder / f"{identifier}.yaml"
    if not re.search(pattern, identifier):
        raise LessonError(
            identifier,
            0,
            "id",
            Message("cannot be an id"),
            Message("Use lower case letters, digits and hyphens: my-lesson"),
        )
    taken = [file for file in lesson_files() if re.sub(r"^\d+-", "", file.stem) == identifier]
    if taken:
        raise LessonError(
            str(taken[0]),
            1,
            "id",
            Message("{id} is the id of a lesson already", id=identifier),
            Message("Choose another"),
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(id=identifier, file=path.name))
    except FileExistsError:
        raise LessonError(
            str(path), 0, "", Message("is there already"), Message("Choose another id, or remove the file")
        ) from None
    except OSError as error:
        raise LessonError(
            str(path),
            0,
            "",
            Message("cannot be written: {reason}", reason=reason_of(error)),
            Message("Choose a folder"),
        ) from None
    return path
