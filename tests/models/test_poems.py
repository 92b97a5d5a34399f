"""Poems as pairs of neighbours, none of whose lines is held out."""

import pytest

from tutor.models.errors import ModelError
from tutor.models.poems import lines_of, neighbours, poems_without, read_poems, split_poems

QUATRAIN = "静夜思\t李白\t床前看月光，疑是地上霜。举头望山月，低头思故乡。\n"
ASKING = "登鹳雀楼\t王之涣\t欲穷千里目，何人更上楼？\n"


def poems(tmp_path, text):
    path = tmp_path / "poems.txt"
    path.write_text(text, encoding="utf-8")
    return read_poems(path)


def test_a_poem_is_couplets_of_lines(tmp_path):
    one, other = poems(tmp_path, QUATRAIN + ASKING)
    assert one == (("床前看月光，", "疑是地上霜。"), ("举头望山月，", "低头思故乡。"))
    assert list(lines_of(other)) == ["欲穷千里目", "何人更上楼"]


def test_neighbours_are_couplets_lines_and_couplets_alone(tmp_path):
    assert neighbours(poems(tmp_path, QUATRAIN)) == [
        ("床前看月光，疑是地上霜。", "举头望山月，低头思故乡。"),
        ("床前看月光，疑是地上霜。", ""),
        ("举头望山月，低头思故乡。", ""),
        ("床前看月光", "疑是地上霜"),
        ("举头望山月", "低头思故乡"),
    ]


def test_no_line_that_is_held_out_is_trained_on(tmp_path):
    letters = "甲乙丙丁戊己庚辛壬癸"
    text = "".join(
        f"t\ta\t{a}{b}，{b}{a}。{a}{a}，{'同句' if a == '甲' else b + b}。\n" for a in letters for b in letters
    )
    whole = poems(tmp_path, text)
    training, held_out = split_poems(whole, 20, 0)
    kept_back = {line for poem in held_out for line in lines_of(poem)}
    assert len(held_out) + len(training) == 100 and not any(kept_back & set(lines_of(poem)) for poem in training)
    assert poems_without(whole, held_out) == training
    assert split_poems(whole, 20, 0) == (training, held_out)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="is not there"):
        read_poems(tmp_path / "none.txt")
