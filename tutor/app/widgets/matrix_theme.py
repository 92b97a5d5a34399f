"""How a matrix is styled: by the theme, and without any colour where the user wants none."""

from rich.style import Style
from textual.app import App
from textual.widget import Widget

from tutor.app.widgets.matrix_lines import Styles
from tutor.display.colours import Depth, depth_of
from tutor.display.no_colour import no_colour

PARTS = ("label", "here", "rule", "cursor", "lit", "blank", "right", "wrong")
COMPONENT_CLASSES = {f"matrix--{part}" for part in PARTS}
CSS = """
MatrixPane {
    height: auto;
    max-height: 100%;
    scrollbar-size: 1 1;
    & > .matrix--label { color: $foreground 65%; }
    & > .matrix--here { color: $foreground; text-style: bold; }
    & > .matrix--rule { color: $foreground 35%; }
    & > .matrix--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    & > .matrix--lit { text-style: bold underline; }
    & > .matrix--blank { color: $text-accent; text-style: bold; }
    & > .matrix--right { color: $text-success; text-style: bold; }
    & > .matrix--wrong { color: $text-error; text-style: bold; }
}
"""
# Legible on the strongest colours of the scale, which the theme's own colours are not: on dark, on light.
LIT = {True: "#ffd866", False: "#8a1c00"}


def depth_for(app: App) -> Depth:
    """How much colour to use in this app on this terminal."""
    if app.no_color or no_colour():
        return "none"
    return "16" if app.native_ansi_color else depth_of(app.console.color_system)


def styles_of(widget: Widget, depth: Depth) -> Styles:
    """The styles of a matrix widget's parts."""
    bold, underline, dim = Style(bold=True), Style(underline=True), Style(dim=True)
    if depth == "none":
        return Styles(
            base=Style(),
            label=Style(),
            label_here=bold,
            label_lit=bold + underline,
            rule=dim,
            cursor=bold + Style(reverse=True),
            cursor_away=bold,
            lit=bold + underline,
            blank=bold,
            right=bold,
            wrong=Style(reverse=True),
            unchanged=dim,
        )
    part = {name: _part(widget, f"matrix--{name}") for name in PARTS}
    base = widget.rich_style
    label = base + part["label"]
    if depth == "full":
        part["lit"] += Style(color=LIT[widget.app.current_theme.dark])
    return Styles(
        base=base,
        label=label,
        label_here=label + part["here"],
        label_lit=part["lit"],
        rule=base + part["rule"],
        cursor=part["cursor"],
        cursor_away=bold + part["here"],
        lit=part["lit"],
        blank=part["blank"],
        right=part["right"],
        wrong=part["wrong"],
        unchanged=part["rule"],
    )


def _part(widget: Widget, name: str) -> Style:
    """A part's own colours and attributes, its colour blended over the background as the partial style is not."""
    styles = widget.get_component_styles(name)
    style = widget.get_component_rich_style(name, partial=True)
    if styles.has_rule("color") and not styles.has_rule("background"):
        style += Style(color=(widget.background_colors[1] + styles.color).rich_color)
    return style
