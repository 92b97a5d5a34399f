"""A small lesson with a program that every test may bend."""

PROGRAM = """
format: 1
id: by-hand
unit: 1
title: {en: By hand, zh: 动手算}
summary: {en: A matrix product, zh: 一次矩阵乘法}
minutes: 5
program:
  symbols: {X: {en: the input, zh: 输入}}
  matrices:
    X: {axes: [dimension, position], labels: {position: [a, b]}, values: [[5, 6], [2, -3]]}
    A: {axes: [position, mixed], labels: {mixed: [m, n]}, values: [[1, 0.5], [2, 1]]}
    b: {axes: [dimension], values: [1, -40]}
  steps:
    - Z: {matmul: [X, A]}
    - H: {add_column: [Z, b], axes: [dimension, mixed]}
    - R: {relu: H}
steps:
  - show: Z
    say: {en: Look., zh: 看。}
    look_at: {dimension: last, mixed: 1}
  - exercise: {fill: Z, cells: 2, mistakes: [row_for_column, added_instead_of_multiplied]}
    hints: [{en: Rows times columns., zh: 行乘列。}]
  - ask: {en: Which is right?, zh: 哪个对?}
    choices:
      - {text: {en: This, zh: 这个}, right: true, why: {en: It is., zh: 就是。}}
      - {text: {en: That, zh: 那个}, why: {en: It is not., zh: 不是。}}
"""


def with_line(before: str, after: str) -> str:
    """The sample with one piece of its text replaced; the piece must be there."""
    assert before in PROGRAM
    return PROGRAM.replace(before, after)
