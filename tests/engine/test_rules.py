"""Rules of generation: what may not be chosen gets no chance, what must come comes."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.choosing import Decoding
from tutor.engine.decoding import decode_steps, greedy
from tutor.engine.rules import Rules

ROW = np.array([0.1, 0.2, 0.3, 0.4])


def left(rules, number=0, maximum=9, tokens=()):
    return rules.allowed(ROW, number, maximum, tokens).tolist()


@pytest.mark.parametrize(
    ("rules", "given", "expected"),
    [
        (Rules((0,)), {}, [0.1, 0.2, 0.3, 0.4]),
        (Rules(never=(3, 1)), {}, [0.1, 0, 0.3, 0]),
        (Rules(never_first=(3,)), {}, [0.1, 0.2, 0.3, 0]),
        (Rules(never_first=(3,)), {"number": 1}, [0.1, 0.2, 0.3, 0.4]),
        (Rules(never_first=(3,), first=2), {"number": 1}, [0.1, 0.2, 0.3, 0]),
        (Rules(first=2), {}, [0, 0, 1, 0]),
        (Rules(first=2), {"number": 1}, [0.1, 0.2, 0.3, 0.4]),
        (Rules(last=1), {"number": 8}, [0, 1, 0, 0]),
        (Rules(last=1), {"number": 7}, [0.1, 0.2, 0.3, 0.4]),
        (Rules((0, 3), shortest=2), {"number": 1}, [0, 0.2, 0.3, 0]),
        (Rules((0, 3), shortest=2), {"number": 2}, [0.1, 0.2, 0.3, 0.4]),
        (Rules(never_together=((1, 2, 3),)), {"tokens": (0, 1, 2)}, [0.1, 0.2, 0.3, 0]),
        (Rules(never_together=((1, 2, 3),)), {"tokens": (2,)}, [0.1, 0.2, 0.3, 0.4]),
        (Rules(no_repeat=2), {"tokens": (1, 2, 3, 1)}, [0.1, 0.2, 0, 0.4]),
        (Rules(no_repeat=1), {"tokens": (1, 3)}, [0.1, 0, 0.3, 0]),
        (Rules(no_repeat=3), {"tokens": (1, 2)}, [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_what_is_left_of_the_probabilities(rules, given, expected):
    assert left(rules, **given) == expected
    assert ROW.tolist() == [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize("name", ["2017", "GPT-2"])
@pytest.mark.parametrize("strategy", ["greedy", "beam", "sample"])
def test_every_way_of_choosing_keeps_to_them(name, strategy):
    config = small.config(**small.CONFIGS[name] | {"maximum_positions": 20})
    weights = small.weights(config, 1)
    rules = Rules((2,), never=(3, 5), first=6, last=2, no_repeat=3)
    steps = list(decode_steps(weights, config, (4, 5, 3), 6, Decoding(strategy, seed=3), rules=rules))
    for found in steps[-1].hypotheses:
        assert found.ids[0] == 6 and not {3, 5} & set(found.ids)
        assert found.ended and len(found.ids) <= 5
    if strategy == "greedy":
        assert list(steps[-1].hypotheses[0].ids) == greedy(weights, config, (4, 5, 3), 6, rules=rules)
    (first,) = steps[0].survivors
    assert first.token == 6 and first.total == 0  # what must come costs nothing


def test_several_ends():
    config = small.config(**small.CONFIGS["GPT-2"] | {"maximum_positions": 20})
    weights = small.weights(config, 1)
    plain = greedy(weights, config, (4, 5, 3), 8)
    ends = (config.end_id, plain[3])
    assert greedy(weights, config, (4, 5, 3), 8, rules=Rules(ends)) == plain[: plain.index(plain[3])]
