"""What if … : the switches of the model, and the number under the cursor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tutor.display.language import _
from tutor.display.safe import safe
from tutor.display.titles import place
from tutor.engine.config import FORECAST

LARGEST_WHOLE = 2.0**31


@dataclass(frozen=True)
class Switch:
    """One line of the dialog: a field of the config and the value it takes when switched."""

    field: str
    value: Any
    title: str


@dataclass(frozen=True)
class WhatIf:
    """What the learner chose: the config's changes from now on, and a new number for the cell, if any."""

    config: Mapping[str, Any]
    number: float | None = None
    reset: bool = False


def switches(
    config: Any, attention: str, head: int | None, wanted: Mapping[str, Any] | None = None
) -> tuple[Switch, ...]:
    """The switches that make sense for a model, at this attention and head; and before them those a lesson wants."""
    if config is None:
        return ()
    common = _common(config, attention, head)
    known = {(switch.field, switch.value) for switch in common}
    asked = (Switch(field, value, config_line(field, value)) for field, value in (wanted or {}).items())
    return (*(one for one in asked if (one.field, one.value) not in known), *common)


def config_line(field: str, value: Any) -> str:
    """One field of a config as it would stand in the model's file; heads by their places, which names count from 0."""
    if field == "heads_off":
        return ", ".join(
            f"{place(name)} · {_('head {0} off').format(int(name.rpartition('.')[2]) + 1)}" for name in value
        )
    text = str(value).lower() if isinstance(value, bool) else value
    return f"{field}: {', '.join(map(str, value)) if isinstance(value, list | tuple) else text}"


def _common(config: Any, attention: str, head: int | None) -> tuple[Switch, ...]:
    found = []
    if config.architecture != "encoder_only":
        found.append(Switch("causal_mask", False, _("no causal mask: every word sees the future")))
    if config.series:
        found += _of_series(config)
    else:
        found.append(Switch("padding_mask", False, _("no padding mask: filler is looked at")))
    found += [
        Switch("scale_scores", False, _("no division by √d_k")),
        Switch("position", "none", _("no positions: order is invisible")),
        Switch("residual", False, _("no residual connections")),
    ]
    other = "pre" if config.norm_position == "post" else "post"
    found.append(
        Switch(
            "norm_position", other, _("norm before the sub-layer") if other == "pre" else _("norm after the sub-layer")
        )
    )
    if attention and head is not None:
        found.append(Switch("heads_off", (f"{attention}.{head}",), _("this head off ({0})").format(head + 1)))
    elif attention:  # a matrix that all heads made
        title = _("head {0} off")
        found += [Switch("heads_off", (f"{attention}.{one}",), title.format(one + 1)) for one in range(config.heads)]
    return tuple(found)


def _of_series(config: Any) -> list[Switch]:
    """What a token of the series may be, and whether patches see those of other variables."""
    titles = {
        "instant": _("a token is an instant, with all variables"),
        "variable": _("a token is a variable, with its whole history"),
        "patch": _("a token is a patch: some steps of one variable"),
    }
    found = []
    if FORECAST in config.tasks:
        found = [Switch("series_tokens", kind, title) for kind, title in titles.items() if kind != config.series_tokens]
    if config.series_tokens == "patch":
        found.append(Switch("separate_variables", False, _("patches see those of other variables")))
    return found


def _number(text: str) -> float | None:
    """What was typed, -∞ included; None where it is no number."""
    try:
        number = float(text.replace("−", "-").replace("∞", "inf").replace(",", ".").strip())
    except ValueError:
        return None
    return None if math.isnan(number) else number


class WhatIfDialog(ModalScreen[WhatIf | None]):
    """Dismisses with a WhatIf, or None when the learner thought better of it."""

    DEFAULT_CSS = """
    WhatIfDialog { align: center middle; }
    WhatIfDialog > Vertical {
        width: 62; max-width: 96%; height: auto; max-height: 96%;
        border: round $accent; background: $surface; padding: 0 1;
    }
    WhatIfDialog OptionList { height: auto; max-height: 12; border: none; background: $surface; padding: 0; }
    WhatIfDialog OptionList:focus { border: none; }
    WhatIfDialog Static { height: auto; }
    WhatIfDialog #cell-name { margin-top: 1; }
    WhatIfDialog Input, WhatIfDialog Input:focus { border: none; height: 1; padding: 0 1; background: $boost; }
    WhatIfDialog #keys { color: $text-muted; margin-top: 1; }
    """
    BINDINGS = [Binding("escape", "dismiss(None)", show=False), Binding("r", "reset", show=False)]

    def __init__(
        self, offered: tuple[Switch, ...], on: Mapping[str, Any], cell: str, value: str, whole: bool = False
    ) -> None:
        super().__init__()
        self._whole = whole  # the matrix holds the numbers of tokens, not measured ones
        self._offered, self._on, self._cell, self._value = offered, dict(on), cell, value

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("what if …")
            if self._offered:
                yield OptionList(*(Option(self._line(switch)) for switch in self._offered), id="switches")
            if self._cell:
                yield Static(
                    Text(_("another number for {0}, now {1}:").format(self._cell, self._value)), id="cell-name"
                )
                yield Input(placeholder=_("a number, then enter"), id="number", compact=True)
            yield Static(
                Text(_("enter: set and compare · tab: the number · r: reset all · esc: leave as it is")), id="keys"
            )

    def on_mount(self) -> None:
        for first in list(self.query("OptionList, Input"))[:1]:  # a blank of a program has neither
            first.focus()

    def _line(self, switch: Switch) -> Text:
        mark = "[x]" if self._is_on(switch) else "[ ]"
        return Text(f"{mark} {safe(switch.title)}")

    def _is_on(self, switch: Switch) -> bool:
        if switch.field == "heads_off":
            return switch.value[0] in self._on.get("heads_off", ())
        return self._on.get(switch.field) == switch.value

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        switch = self._offered[event.option_index]
        config = dict(self._on)
        if switch.field == "heads_off":
            heads = set(config.pop("heads_off", ())) ^ set(switch.value)
            config |= {"heads_off": tuple(sorted(heads))} if heads else {}
        elif self._is_on(switch):
            del config[switch.field]
        else:
            config[switch.field] = switch.value
        self.dismiss(WhatIf(config))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        number = _number(event.value)
        if number is None:
            problem = _("That is not a number. Type one such as 0.5 or −2.")
        elif self._whole and not (abs(number) < LARGEST_WHOLE and number == int(number)):
            problem = _("Here only a whole number makes sense, such as 7.")
        else:
            self.dismiss(WhatIf(self._on, number))
            return
        self.query_one("#cell-name", Static).update(Text(problem))

    def action_reset(self) -> None:
        """Everything as the model has it."""
        self.dismiss(WhatIf({}, reset=True))
