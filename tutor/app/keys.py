"""The keys of the trace screen, in groups, for the help dialog."""

from __future__ import annotations

from tutor.display.language import _

Section = tuple[str, list[tuple[str, str]]]


def trace_keys() -> list[Section]:
    """Every key and what it does, in the interface's language."""
    return [
        (
            _("The lesson"),
            [
                ("n  space", _("next step")),
                ("p", _("step before")),
                ("x", _("answer; without a lesson's exercise, make one of this matrix")),
                ("a b c d", _("choose an answer")),
                ("h", _("hint")),
                ("o", _("open what the step asks for")),
            ],
        ),
        (
            _("The number"),
            [
                ("← ↑ ↓ →", _("another cell")),
                ("pgup  ctrl+→", _("a page of rows (pgup, pgdn), a page of columns (ctrl+←, ctrl+→)")),
                ("m", _("the largest number of the row; m again: the next largest")),
                ("enter", _("why: walk on to the number it was made from")),
                ("tab ↑ ↓ enter", _("choose another of the numbers it was made from")),
                ("backspace  b", _("walk back")),
                ("f", _("walk forward again")),
                ("g", _("its gradient: how the loss depends on it; g again: back")),
                ("N", _("nudge it: a little more, and the loss moves as the gradient said")),
                ("[ ]", _("head before, next head")),
                ("{ }", _("layer before, next layer")),
                ("j", _("jump: type a layer, or a layer and a head")),
                ("s", _("search: type a token, go to its row or column")),
            ],
        ),
        (
            _("Change something"),
            [
                ("/", _("type another sentence; everything follows as you type")),
                ("t", _("type the target")),
                ("w", _("what if: a switch of the model, or another number here")),
                ("d", _("after, change, before")),
            ],
        ),
        (
            _("Around"),
            [
                ("tab  shift+tab", _("next pane, pane before")),
                ("G", _("what the model writes, step by step")),
                ("H", _("all heads, a thumbnail each")),
                ("M", _("of a series: three attention maps, by variable, instant and patch")),
                ("L", _("logit lens: the words after every layer")),
                ("C", _("candidates: the likeliest words at every position")),
                ("i", _("glossary: what is this")),
                ("ctrl+p", _("every command, every node")),
                ("F2", _("中文 / English")),
                ("esc", _("back, home")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]


def audit_keys() -> list[Section]:
    """The same for the audit screen."""
    return [
        (
            _("The audit"),
            [
                ("← ↑ ↓ →", _("another cell")),
                ("space  enter", _("mark the cell as a slip; again: take the mark away")),
                ("a", _("mark every cell, or none")),
                ("u", _("uncover the recomputed matrix")),
                ("c", _("check: which marks are slips, and how many were missed")),
                ("r", _("try again, keeping the marks that were right")),
            ],
        ),
        (
            _("Around"),
            [
                ("i", _("glossary: what is this")),
                ("F2", _("中文 / English")),
                ("esc", _("back")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]


def map_keys() -> list[Section]:
    """The same for the three maps of a series."""
    return [
        (
            _("The maps"),
            [
                ("←  →", _("another map")),
                ("↑  ↓", _("another layer, in all three")),
                ("[  ]", _("another head, in all three")),
                ("enter", _("open its numbers")),
            ],
        ),
        (
            _("Around"),
            [
                ("F2", _("中文 / English")),
                ("esc", _("back")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]


def head_keys() -> list[Section]:
    """The same for the grid of all heads."""
    return [
        (
            _("The heads"),
            [
                ("← ↑ ↓ →", _("another head: rows are layers, columns heads")),
                ("pgup  pgdn", _("a page of layers up or down")),
                ("enter", _("its weights in the trace")),
                ("+  −", _("larger or smaller thumbnails")),
            ],
        ),
        (
            _("Under each thumbnail, where most of its weight goes"),
            [
                (_("self  −1  +1"), _("to the token itself, the one before, the one after")),
                (_("1st last one"), _("to the first token, the last, or some other one")),
                (_("same copy"), _("to where the same token stood, or to what followed it there")),
                (_("wide  ·"), _("spread out; or to no single place")),
            ],
        ),
        (
            _("Around"),
            [
                ("i", _("glossary: what is this")),
                ("F2", _("中文 / English")),
                ("esc", _("back")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]


def lens_keys() -> list[Section]:
    """The same for the logit lens."""
    return [
        (
            _("The lens"),
            [
                ("↑ ↓", _("another row: a layer or, in the other view, a position")),
                ("← →", _("another position or, in the other view, another layer")),
                ("v", _("the other view: all layers here, or all positions after this layer")),
                ("enter", _("the layer's output at this position in the trace")),
                ("w", _("the likeliest word's probability in the trace: why so much")),
            ],
        ),
        (
            _("Around"),
            [
                ("i", _("glossary: what is this")),
                ("F2", _("中文 / English")),
                ("esc", _("back")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]


def width_keys() -> list[Section]:
    """The same for the slider over d_k."""
    return [
        (
            _("The slider"),
            [
                ("← →", _("a head half as wide, twice as wide; home, end: as far as it goes")),
                ("m  space", _("here it is: the d_k that the lesson asks for")),
                ("r", _("draw other random queries and keys")),
            ],
        ),
        (
            _("Look"),
            [
                ("↑ ↓", _("another token's row")),
                ("tab", _("the other side")),
                ("enter", _("the row's largest weight in the trace: why so much")),
                ("e  s", _("the row's entropy, the row's slope in the trace")),
            ],
        ),
        (
            _("Around"),
            [
                ("i", _("glossary: what is this")),
                ("F2", _("中文 / English")),
                ("esc", _("back")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]


def generation_keys() -> list[Section]:
    """The same for the generation screen."""
    return [
        (
            _("The generation"),
            [
                ("n  space  →", _("next step")),
                ("p  ←", _("step before")),
                ("home  end", _("first step, last step")),
                ("↑ ↓", _("another candidate")),
                ("enter", _("the trace in which its probability stands")),
                ("pgup  pgdn", _("scroll the tree")),
            ],
        ),
        (
            _("Change something"),
            [
                ("s  t", _("strategy, temperature")),
                ("tab  shift+tab", _("next setting, setting before")),
                ("← →", _("turn the setting that has the keys; home, end: as far as it goes")),
                ("/", _("type another sentence; everything follows as you type")),
            ],
        ),
        (
            _("Around"),
            [
                ("i", _("glossary: what is this")),
                ("ctrl+p", _("every command, every node")),
                ("F2", _("中文 / English")),
                ("esc", _("back")),
                ("ctrl+q", _("quit; nothing is lost")),
            ],
        ),
    ]
