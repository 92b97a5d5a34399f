"""Choosing the shape of a node: from the live sentence and config, among the shapes that real slips give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tutor.course.exercises import Hint
from tutor.course.places import find_node
from tutor.course.quiz import Option, Quiz, QuizError, same, shuffled, title_of
from tutor.course.schema import Shape, Text
from tutor.engine.message import Message
from tutor.engine.trace import Node, Trace

Sizes = tuple[int, ...]
_AXES = {
    "head": "头",
    "position": "位置",
    "token": "词元",
    "feature": "特征",
    "vocabulary": "词表",
    "layer": "层",
    "class": "类别",
    "variable": "变量",
    "step": "时间步",
}


@dataclass(frozen=True)
class ShapeSlip:
    """What a learner may take for the shape, and why it is not."""

    name: str
    sizes: Sizes
    why: Text


Found = Iterator[tuple[Sizes, Text]]
SLIPS: dict[str, Callable[[Trace, Node], Found]] = {}


def _slip(function: Callable[[Trace, Node], Found]) -> Callable[[Trace, Node], Found]:
    SLIPS[function.__name__] = function
    return function


@_slip
def heads_and_width_swapped(trace: Trace, node: Node) -> Found:
    if node.axes[:1] == ("head",) and node.axes[-1] == "feature" and len(node.shape) == 3:
        heads, rows, width = node.shape
        yield (
            (width, rows, heads),
            Text(
                f"Heads and width are swapped: there are {heads} heads, and a row in one head is {width} wide (d_k).",
                f"头数和宽度对调了：头有 {heads} 个，一个头里一行宽 {width}（d_k）。",
            ),
        )


@_slip
def keys_for_queries(trace: Trace, node: Node) -> Found:
    if node.axes[-2:] == ("query", "key"):
        rows, columns = node.shape[-2:]
        yield (
            (*node.shape[:-2], columns, rows),
            Text(
                f"The rows belong to the queries, of which there are {rows}; the {columns} keys are the columns.",
                f"行属于 query，共 {rows} 个；{columns} 个 key 是列。",
            ),
        )


@_slip
def width_kept(trace: Trace, node: Node) -> Found:
    if node.op in ("dot_products", "matmul") and len(node.operands) == 2:
        width = node.operands[0].shape[-1]
        yield (
            (*node.shape[:-1], width),
            Text(
                f"The {width} numbers of a row are multiplied and added up in the product, so that axis is gone.",
                f"一行的 {width} 个数在乘积里相乘又相加，那一维就没有了。",
            ),
        )
    elif node.axes[:1] == ("head",) and node.axes[-1] == "key" and (query := _query_of(node)) is not None:
        yield (
            (*node.shape[:-1], query.shape[-1]),
            Text(
                f"{query.shape[-1]} is d_k, the width of a query. It was summed over in the scores: one number a pair.",
                f"{query.shape[-1]} 是 d_k，即 query 的宽度。打分时它已被求和：每一对只剩一个数。",
            ),
        )


@_slip
def without_heads(trace: Trace, node: Node) -> Found:
    if node.axes[:1] == ("head",):
        yield (
            node.shape[1:],
            Text(
                f"That is one head alone: each of the {node.shape[0]} heads has a matrix of its own.",
                f"那只是一个头的：{node.shape[0]} 个头各有自己的矩阵。",
            ),
        )


@_slip
def heads_side_by_side(trace: Trace, node: Node) -> Found:
    if node.axes[:1] == ("head",) and node.axes[-1] == "feature" and len(node.shape) == 3:
        heads, rows, width = node.shape
        yield (
            (rows, heads * width),
            Text(
                f"That is all heads side by side, {heads} × {width} columns. Here they are still apart.",
                f"那是各头并排之后：{heads} × {width} 列。这里它们还是分开的。",
            ),
        )


@_slip
def one_head_wide(trace: Trace, node: Node) -> Found:
    config = trace.info.get("config")
    if config is not None and node.axes == ("position", "feature") and node.shape[-1] == config.heads * config.d_k:
        yield (
            (node.shape[0], config.d_k),
            Text(
                f"{config.d_k} is d_k, the width of one head. Here all {config.heads} stand side by side.",
                f"{config.d_k} 是 d_k，一个头的宽度。这里 {config.heads} 个头并排在一起。",
            ),
        )


@_slip
def vocabulary_left_out(trace: Trace, node: Node) -> Found:
    if node.axes[-1:] == ("vocabulary",):
        width = _width(trace, node)
        if width:
            yield (
                (*node.shape[:-1], width),
                Text(
                    f"A row would still be a vector of d_model = {width}. Here every token of the vocabulary has one.",
                    f"那样一行还是 d_model = {width} 维的向量。到这里，词表里每个词元都有一个数。",
                ),
            )


@_slip
def last_row_only(trace: Trace, node: Node) -> Found:
    if node.axes == ("position", "vocabulary"):
        yield (
            node.shape[1:],
            Text(
                f"That would be one position. Every word gets a number at each of the {node.shape[0]}.",
                f"那只是一个位置。{node.shape[0]} 个位置上，每个词都各得一个数。",
            ),
        )


@_slip
def inner_width(trace: Trace, node: Node) -> Found:
    config = trace.info.get("config")
    if config is not None and "feed_forward" in node.name and node.axes[-1:] == ("feature",):
        inside = node.shape[-1] == config.d_ff
        other = config.d_model if inside else config.d_ff
        yield (
            (*node.shape[:-1], other),
            Text(
                f"{other} is d_model, the width outside; inside the feed-forward network a row is wider."
                if inside
                else f"{other} is d_ff, the width inside the network; its output is as wide as its input again.",
                f"{other} 是 d_model，那是外面的宽度；在前馈网络里面，一行更宽。"
                if inside
                else f"{other} 是 d_ff，那是网络里面的宽度；输出又和输入一样宽。",
            ),
        )


@_slip
def other_sentence(trace: Trace, node: Node) -> Found:
    if "decoder.tokens" in trace and "tokens" in trace:
        source, target = trace["tokens"].shape[0], trace["decoder.tokens"].shape[0]
        for axis, (name, size) in enumerate(zip(node.axes, node.shape, strict=True)):
            if name in ("position", "query", "key") and size in (source, target) and source != target:
                other = target if size == source else source
                side = ("target", "目标句") if size == source else ("source", "源句")
                yield (
                    (*node.shape[:axis], other, *node.shape[axis + 1 :]),
                    Text(
                        f"{other} is the length of the {side[0]} sentence. This axis ({name}) runs over the other one.",
                        f"{other} 是{side[1]}的长度。这一维（{axis_name(name)}）走的是另一句。",
                    ),
                )


@_slip
def transposed(trace: Trace, node: Node) -> Found:
    if len(node.shape) >= 2:
        rows, columns = node.axes[-2:]
        yield (
            (*node.shape[:-2], node.shape[-1], node.shape[-2]),
            Text(
                f"Rows and columns are exchanged: a row here is one of {node.shape[-2]} ({rows}), "
                f"a column one of {node.shape[-1]} ({columns}).",
                f"行列颠倒了：行是 {axis_name(rows)}，{node.shape[-2]} 行；"
                f"列是 {axis_name(columns)}，{node.shape[-1]} 列。",
            ),
        )


@_slip
def shape_of_an_operand(trace: Trace, node: Node) -> Found:
    for operand in node.operands:
        if operand.shape:
            name = title_of(operand.name)
            yield (
                operand.shape,
                Text(
                    f"That is the shape of {name}, which goes into it.", f"那是 {name} 的形状，它只是用来算的一个矩阵。"
                ),
            )


def slips_of(trace: Trace, node: Node, name: str) -> tuple[ShapeSlip, ...]:
    """What a slip makes of the node's shape, where it makes another; none where it cannot be made."""
    return tuple(ShapeSlip(name, sizes, why) for sizes, why in SLIPS[name](trace, node) if sizes != node.shape)


def shape_quiz(step: Shape, trace: Trace, seed: int = 0) -> Quiz:
    """The question. Raises TraceError for an unknown node, QuizError where no slip gives another shape."""
    node = find_node(trace, step.shape)
    if node.operation is None:
        raise QuizError(Message("{node} is given, not computed", node=node.name))
    names = step.mistakes or tuple(SLIPS)
    wrong = [
        Option(same(spelled(slip.sizes)), slip.why, mistake=slip.name)
        for name in names
        if name in SLIPS
        for slip in slips_of(trace, node, name)
    ]
    if not wrong:
        raise QuizError(Message("no slip gives {node} another shape", node=node.name))
    axes, axes_zh = " × ".join(node.axes), " × ".join(map(axis_name, node.axes))
    why = Text(f"{axes} = {spelled(node.shape)}.", f"{axes_zh} = {spelled(node.shape)}。")
    right = Option(same(spelled(node.shape)), why, True)
    choices = shuffled(right, wrong, f"{seed}|{node.name}|{node.shape}")
    hints = (*map(Hint, step.hints), *_hints(node))
    return Quiz(_asked(trace, node), choices, node.name, node.operands[0].name, hints)


def spelled(sizes: Sizes) -> str:
    """`6 × 9 × 9`"""
    return " × ".join(map(str, sizes)) or "1"


def _asked(trace: Trace, node: Node) -> Text:
    made = [f"{title_of(one.name)} ({spelled(one.shape)})" for one in node.operands]
    made_zh = [f"{title_of(one.name)}（{spelled(one.shape)}）" for one in node.operands]
    config = trace.info.get("config")
    heads = config.heads if config is not None and ("head" in node.axes) != ("head" in node.operands[0].axes) else 0
    more = f" There are {heads} heads." if heads else ""
    more_zh = f"共有 {heads} 个头。" if heads else ""
    name = title_of(node.name)
    return Text(
        f"{name} is made from {', '.join(made)}.{more} What is its shape?",
        f"{name} 由 {'、'.join(made_zh)}算出。{more_zh}它是什么形状？",
    )


def _hints(node: Node) -> Iterator[Hint]:
    axes, axes_zh = ", ".join(node.axes), "、".join(map(axis_name, node.axes))
    yield Hint(Text(f"Its axes, in this order: {axes}.", f"它的各维依次是：{axes_zh}。"))
    known = list(zip(node.axes, node.shape, strict=True))[:-1]
    if known:
        sizes = ", ".join(f"{axis} {size}" for axis, size in known)
        sizes_zh = "、".join(f"{axis_name(axis)} {size}" for axis, size in known)
        yield Hint(Text(f"All but the last: {sizes}.", f"除最后一维外：{sizes_zh}。"))


def axis_name(axis: str) -> str:
    """What an axis is called in Chinese."""
    return _AXES.get(axis, axis)


def _width(trace: Trace, node: Node) -> int | None:
    config = trace.info.get("config")
    return config.d_model if config is not None else None


def _query_of(node: Node) -> Node | None:
    """The queries that a matrix of attention goes back to."""
    found: Node | None = node
    for _ in range(8):
        if found is None or not found.operands:
            return None
        if found.op == "dot_products":
            return found.operands[0]
        found = found.operands[0]
    return None
