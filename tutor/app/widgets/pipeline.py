"""The whole model as a list of stages, in the order computed: where we are, and what this number was made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tutor.display.language import _
from tutor.display.safe import safe
from tutor.display.titles import PARTS, STACKS, short_title

HERE, OPERAND, OTHER = "◉", "◆", "·"


class Pipeline(Tree[str]):
    """Stacks, layers and sub-layers open and close; the current node is marked ◉ and its operands ◆."""

    DEFAULT_CSS = """
    Pipeline { padding: 0; background: $surface; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    """

    class Chosen(Message):
        """The learner picked a node."""

        def __init__(self, node: str) -> None:
            self.node = node
            super().__init__()

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id)
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2
        self._names: tuple[str, ...] = ()
        self._leaves: dict[str, TreeNode[str]] = {}
        self._here = ""
        self._operands: frozenset[str] = frozenset()

    def show(self, names: Sequence[str], here: str, operands: Collection[str]) -> None:
        """Mark where we are; the tree is made anew only where the model changed."""
        if tuple(names) != self._names:
            self._grow(tuple(names))
            self._here = ""  # in the new tree everything is closed
        if (here, frozenset(operands)) == (self._here, self._operands):
            return
        self._here, self._operands = here, frozenset(operands)
        self._open(here)
        for leaf in self._leaves.values():
            leaf.refresh()
        if here in self._leaves:
            self.call_after_refresh(self._go_to, here)

    def _go_to(self, name: str) -> None:
        if name in self._leaves and not self.has_focus:
            self.move_cursor(self._leaves[name])
            self.scroll_to_node(self._leaves[name], animate=False)

    def _grow(self, names: tuple[str, ...]) -> None:
        self.clear()
        self._names, self._leaves = names, {}
        groups: dict[tuple[str, ...], TreeNode[str]] = {(): self.root}
        for name in names:
            parent = self._group(groups, _path(name))
            self._leaves[name] = parent.add_leaf(short_title(name), data=name)

    def _group(self, groups: dict[tuple[str, ...], TreeNode[str]], path: tuple[str, ...]) -> TreeNode[str]:
        if path not in groups:
            parent = self._group(groups, path[:-1])
            groups[path] = parent.add(path[-1], expand=False)
        return groups[path]

    def _open(self, name: str) -> None:
        leaf = self._leaves.get(name)
        keep = set()
        while leaf is not None and leaf.parent is not None:
            leaf = leaf.parent
            keep.add(leaf)
            leaf.expand()
        for group in {leaf.parent for leaf in self._leaves.values() if leaf.parent}:
            if group not in keep and group is not self.root and not _is_above(group, keep):
                group.collapse()

    def render_label(self, node: TreeNode[str], base_style: Style, style: Style) -> Text:
        name = node.data
        text = Text(safe(str(node.label)), style=style, no_wrap=True)
        if name is None:
            return Text("▾ " if node.is_expanded else "▸ ", style=base_style + style).append_text(text)
        mark = HERE if name == self._here else OPERAND if name in self._operands else OTHER
        if name == self._here:
            text.stylize("bold")
        return Text(f"{mark} ", style=base_style + style).append_text(text)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Any]) -> None:
        event.stop()
        if event.node.data is not None:
            self.post_message(self.Chosen(event.node.data))


def _path(name: str) -> tuple[str, ...]:
    """The groups a node lies in: ("encoder 1", "self-attention")."""
    words = name.split(".")[:-1]
    if not words:
        return ()
    path = []
    if words[0] in STACKS:
        stack = words.pop(0)
        if words and words[0].isdigit():
            path.append(f"{_(STACKS[stack])} {int(words.pop(0)) + 1}")
        elif words:
            path.append(f"{_(STACKS[stack])} · {_(PARTS.get(words[0], words[0]))}")
            words.pop(0)
    path += [_(PARTS[word]) for word in words if word in PARTS]
    return tuple(path)


def _is_above(group: TreeNode[str], kept: set[TreeNode[str]]) -> bool:
    return any(group is node for node in kept)
