"""What a model answers at the top of its last stack: words, and the tasks of Devlin et al. 2018, section 3.

A task is an entry of `config.tasks`: `words` (the next word, or the masked one) and those of `HEADS`, each one linear
map of every position or of `pooled`, the first position after the pooler. Rows stay rows: `pooled` is [1, feature].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tutor.engine import ops
from tutor.engine.config import FORECAST, TransformerConfig
from tutor.engine.layers import Shapes, linear, linear_shapes, norm_shapes, normalise, token_input
from tutor.engine.ops import OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.series import forecast, forecast_loss, forecast_shapes
from tutor.engine.trace import Node

WORDS = "words"
# task -> what it reads, and how many classes it chooses among; 0 means `config.classes`
HEADS: dict[str, tuple[str, int]] = {
    "next_sentence": ("pooled", 2),  # class 0: the second sentence follows the first; class 1: it is any other
    "sequence_classification": ("pooled", 0),
    "token_classification": ("positions", 0),
    "question_answering": ("positions", 2),  # the answer's first and its last position
    "multiple_choice": ("pooled", 1),  # one score for each pair of question and answer (Radford et al. 2018, figure 1)
}
TURNED = ("question_answering", "multiple_choice")  # their classes are the rows; they choose among positions or pairs
UNASKED = -1  # a class where nothing is asked
MASKED_WORD = "masked_word"  # the loss of the words, where there are other losses beside it


def answer(
    record: Recorder,
    config: TransformerConfig,
    x: Node,
    targets: Any = None,
    smoothing: float = 0.0,
    task_targets: Mapping[str, Any] | None = None,
    costs: Any = None,
) -> Node:
    """Every task of the config, from the last stack's output [..., position, feature].

    Returns the first task's probabilities or, where any task has targets, the sum of the losses of those that have;
    where the targets are answers of several that have `costs` [sentence, answer], their expected cost. In training no
    more is computed than the losses need.
    """
    right = dict(task_targets or {})
    if targets is not None:
        right[WORDS] = targets
    pooled: Node | None = None
    first: Node | None = None
    losses: list[Node] = []
    for task in config.tasks:
        if record.training and right and task not in right:
            continue
        if task == WORDS:
            some = record.training and WORDS in right and costs is None
            asked = _asked(right[WORDS], config.pad_id) if some else None
            found = predict(record, config, x, asked)
        elif task == FORECAST:
            source, found = forecast(record, config, x)
        else:
            source, asked = x, None
            if HEADS[task][0] == "pooled":
                source = pooled = pooled or pool(record, config, x)
            found = classify(record, config, task, source)
        first = first or found
        if task == FORECAST and task in right:
            name = "loss" if len(config.tasks) < 2 else f"{task}.loss"
            losses.append(forecast_loss(record, config, source, right[task], name))
        elif task in right:
            losses.append(loss(record, config, found, right[task], smoothing, task, asked, costs))
    if pooled is None and config.pooler != "none" and not record.training:
        pooled = pool(record, config, x)
    if losses and len(config.tasks) > 1:
        return record("loss", ops.add if len(losses) > 1 else ops.identity, *losses, axes=())
    return (losses or [first or pooled or x])[0]


def predict(record: Recorder, config: TransformerConfig, x: Node, asked: np.ndarray | None = None) -> Node:
    """Logits and probabilities over the vocabulary, [..., position, vocabulary]; in training logits alone.

    With `asked`, the numbers of some positions counted through the whole batch, only theirs: [asked, vocabulary].
    """
    stack = config.stacks[-1]
    if asked is not None:
        x = record("asked", ops.pick_rows, x, record.input("asked.positions", asked, ("position",)))
    axes = (x.axis_keys[-2], f"vocabulary@{stack}")
    if config.logits_transform:
        x = linear(record, "logits.transform.hidden", x)  # H = X W_1 + b_1   [position, feature]
        x = record("logits.transform.activation", ops.OPERATIONS[config.activation], x)
        x = normalise(record, config, "logits.transform.norm", x)
    if config.scale_logits:
        x = record("logits.scaled", ops.scale, x, root_of=config.d_model, inverse=True)  # x / √d_model
    if config.tied_embeddings:
        table = record.weight(config.table_of(stack), (f"vocabulary@{stack}", "feature"))
        bias = [record.weight("logits.bias", (axes[-1],))] if record.has_weight("logits.bias") else []
        logits = record("logits", ops.linear, x, table, *bias, axes=axes, transposed=True)
    else:
        logits = linear(record, "logits", x, axes=axes)
    return logits if record.training else record.later("probabilities", ops.softmax, logits)


def pool(record: Recorder, config: TransformerConfig, x: Node) -> Node:
    """The first position stands for the whole: tanh(x_1 W + b), [..., 1, feature]; without a pooler x_1 itself.

    Of several pairs in one sentence the first position of each, [..., choice, feature].
    """
    axes = ("choice" if config.choices else "position@first", x.axis_keys[-1])
    pairs: dict[str, Any] = {"every": config.block(x.shape[-2])} if config.choices else {}
    if config.pooler == "none":
        return record("pooled", ops.first_row, x, axes=axes, **pairs)
    first = record("pooled.first", ops.first_row, x, axes=axes, **pairs)
    return record("pooled", ops.OPERATIONS[config.pooler], linear(record, "pooled.hidden", first))


def classify(record: Recorder, config: TransformerConfig, task: str, x: Node) -> Node:
    """Logits and probabilities of a task's classes, a row for every row of `x`; in training logits alone.

    Of question answering, the other way about: a row for the answer's start and one for its end, over all positions;
    of multiple choice, one row over all pairs.
    """
    axes = (x.axis_keys[-2], f"class@{task}")
    if task in TURNED:
        logits = record(f"{task}.logits", ops.transpose, linear(record, f"{task}.each", x, axes=axes))
    else:
        logits = linear(record, f"{task}.logits", x, axes=axes)
    return logits if record.training else record(f"{task}.probabilities", ops.softmax, logits)


def loss(
    record: Recorder,
    config: TransformerConfig,
    found: Node,
    targets: Any,
    smoothing: float = 0.0,
    task: str = WORDS,
    asked: np.ndarray | None = None,
    costs: Any = None,
) -> Node:
    """The mean of -ln p(right answer) over all that is asked for; one number. Padding and `UNASKED` are not asked.

    With `costs` [sentence, answer] of words, the expected cost of answers that the targets are in place of right ones.
    """
    logits = found.operands[0] if found.op == "softmax" else found  # [..., row, choice]
    alone = len(config.tasks) < 2
    if task == WORDS:
        prefix, name, pad_id = "", "loss" if alone else f"{MASKED_WORD}.loss", config.pad_id
        ids = np.asarray(targets) if asked is None else np.asarray(targets).reshape(-1)[asked]
        right = token_input(record, "targets", ids, config.stacks[-1], config.output_vocabulary)
    else:
        prefix, name, pad_id = f"{task}.", "loss" if alone else f"{task}.loss", UNASKED
        right, smoothing = class_input(record, f"{task}.targets", targets, logits), 0.0
    losses = record(f"{prefix}losses", ops.cross_entropy, logits, right, smoothing=smoothing, pad_id=pad_id)
    if task == WORDS and costs is not None:
        return expected_risk(record, losses, right, costs, name, pad_id)
    return record(name, ops.mean_loss, losses, right, pad_id=pad_id)


def expected_risk(record: Recorder, losses: Node, answers: Node, costs: Any, name: str, pad_id: int) -> Node:
    """What an answer costs on average, were one given as often as the model finds it likely beside the others.

    Shen et al. 2016, "Minimum Risk Training", equation 10, with the mean log-probability of an answer's tokens in place
    of their sum (Edunov et al. 2018, section 3.2). Every sentence has as many answers, one after the other.
    """
    each = np.asarray(costs)  # [sentence, answer]
    given = record.input("answers.costs", each, ("sentence", "answer"))
    scores = record("answers.scores", ops.answer_scores, losses, answers, answers=each.shape[1], pad_id=pad_id)
    likely = record("answers.probabilities", ops.softmax, scores)  # q = softmax(u)   [sentence, answer]
    risks = record("answers.risks", ops.multiply, likely, given)  # q c   [sentence, answer]
    mean = record("answers.risk", ops.mean_loss, risks, given)
    return record(name, ops.scale, mean, by=float(each.shape[1]))  # the sum of each sentence's


def class_input(record: Recorder, name: str, classes: Any, logits: Node) -> Node:
    """The right class of every row of the logits as a node. Raises OperationError for one that there is not."""
    numbers = np.asarray(classes, dtype=np.int64)
    count = logits.shape[-1]
    if numbers.shape != logits.shape[:-1]:
        raise OperationError(f"{name}: {numbers.shape} is no class for each row of {logits.shape[:-1]}")
    for wrong in numbers[(numbers < UNASKED) | (numbers >= count)][:1]:
        raise OperationError(f"{name}: {wrong} is no class; they go from 0 to {count - 1}")
    return record.input(name, numbers, logits.axis_keys[-2:-1])


def _asked(targets: Any, pad_id: int) -> np.ndarray | None:
    """The positions with a target, counted through the whole batch, where these are the lesser part; else None."""
    targets = np.asarray(targets)
    places = np.flatnonzero(targets != pad_id)
    return places if 0 < 2 * places.size < targets.size else None


def head_shapes(config: TransformerConfig) -> Shapes:
    """The name and shape of every weight above the stacks, in the order they are used."""
    c, shapes = config, Shapes()
    if WORDS in c.tasks:
        if c.logits_transform:
            shapes |= linear_shapes("logits.transform.hidden", c.d_model, c.d_model, True)
            shapes |= norm_shapes(c, "logits.transform.norm")
        if not c.tied_embeddings:
            shapes["logits.weight"] = (c.d_model, c.output_vocabulary)
        if c.output_bias:
            shapes["logits.bias"] = (c.output_vocabulary,)
    if c.pooler != "none":
        shapes |= linear_shapes("pooled.hidden", c.d_model, c.d_model, True)
    for task in c.tasks:
        if task in HEADS:
            place = f"{task}.each" if task in TURNED else f"{task}.logits"
            shapes |= linear_shapes(place, c.d_model, HEADS[task][1] or c.classes, True)
        if task == FORECAST:
            shapes |= forecast_shapes(c)
    return shapes
