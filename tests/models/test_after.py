"""A sentence typed key by key into a model that only continues text: the trace before serves for the next one."""

import numpy as np
import pytest

from tutor.app.tracing import Request, compute
from tutor.engine import incremental
from tutor.models.registry import load_model


@pytest.fixture
def reused(monkeypatch):
    """The number of rows that each trace took over; however little there is to gain."""
    found = []
    plain = incremental.RowsRecorder.__init__

    def noted(self, weights, backend, before, count):
        found.append(count)
        plain(self, weights, backend, before, count)

    monkeypatch.setattr(incremental, "LEAST_WORK", 0)
    monkeypatch.setattr(incremental.RowsRecorder, "__init__", noted)
    return found


def assert_close(trace, whole):
    assert trace.names == whole.names and (trace.text, trace.target) == (whole.text, whole.target)
    for name in whole.names:
        assert trace[name].labels == whole[name].labels
        np.testing.assert_allclose(trace[name].value, whole[name].value, rtol=1e-4, atol=1e-4, err_msg=name)


def test_a_sentence_as_it_is_typed(reused):
    model, trace = load_model("speaker"), None
    for text in ("I am a", "I am a st", "I am a student", "I am a student and", "I am the student and"):
        trace = model.trace(text, after=trace)
        assert_close(trace, model.trace(text))
    assert len(reused) >= 3 and reused[-1] < reused[-2]


def test_other_models_and_what_ifs_take_nothing_over(reused):
    speaker, translator = load_model("speaker"), load_model("translator")
    before = speaker.trace("I am a student")
    assert translator.trace("I am a student and", after=before).model == "translator"
    speaker.trace("I am a student and", after=before, config={"scale_scores": False})
    speaker.trace("I am a student and", after=before, change={"embedding.output": lambda x: x + 1})
    load_model("speaker").trace("I am a student and", after=before)  # equal weights, but they may have been trained on
    assert reused == []


def test_the_screen_hands_on_the_last_trace_unless_it_compares(reused):
    before = compute(Request("speaker", sentence="I am a student")).trace
    assert compute(Request("speaker", sentence="I am a student and"), before).trace is not None
    assert len(reused) == 1
    changed = compute(Request("speaker", sentence="I am a student and", config={"residual": False}), before)
    assert changed.before is not None and len(reused) == 1
