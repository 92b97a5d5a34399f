"""What the engine and the models say reaches the learner in their language, and no translation loses a value."""

import re
import string

import pytest

from tutor.display import language, locale_tools
from tutor.display.messages import said, translated
from tutor.engine.backend import BackendError, load_backend
from tutor.engine.config import ConfigError, TransformerConfig
from tutor.engine.message import Message
from tutor.models.errors import ModelError
from tutor.models.registry import load_model


@pytest.fixture(autouse=True)
def _english_again():
    yield
    language.set_language("en")


def translations() -> list[tuple[str, str]]:
    """Every message of the source with its Chinese."""
    known = locale_tools.read_po(locale_tools.catalogue("zh").read_text(encoding="utf-8"))
    return [(message.text, known.get(message, "")) for message in locale_tools.collect()]


def fields(template: str) -> set[str]:
    """The placeholders of a template, each with its conversion and format."""
    # Click calls a path "File" or "Directory" in English; the Chinese says what it is in other words.
    found = string.Formatter().parse(re.sub(r"^{name} (?='?{filename)", "", template))
    return {f"{name}!{conversion}:{form}" for _text, name, form, conversion in found if name is not None}


def test_translations_keep_every_placeholder() -> None:
    assert not [(text, chinese) for text, chinese in translations() if chinese and fields(text) != fields(chinese)]


def test_chinese_is_written_with_chinese_punctuation() -> None:
    # `?` before a word is the key of that name.
    wrong = re.compile("[\u4e00-\u9fff][,;:!?()]|[,;:!()] ?[\u4e00-\u9fff]|[,;:!?()][\u4e00-\u9fff]")
    assert not [chinese for _text, chinese in translations() if wrong.search(chinese)]


def test_plain_text_and_plain_errors_are_said_as_they_are() -> None:
    language.set_language("zh")
    assert translated("no such thing") == "no such thing"
    assert said(ValueError("no such thing")) == "no such thing"


def test_a_message_is_translated_with_its_values() -> None:
    message = Message("{name}: no such setting", name="zzz")
    assert message == translated(message) == "zzz: no such setting"
    language.set_language("zh")
    assert message == "zzz: no such setting"
    assert translated(message) == "没有叫 zzz 的设置"


def test_a_message_within_a_message_is_translated_too() -> None:
    language.set_language("zh")
    with pytest.raises(ConfigError) as caught:
        TransformerConfig(heads=0)
    assert said(caught.value) == "heads：必须是不小于 1 的整数，不能是 0"
    inside = ModelError("{path}: config: {reason}", path="m", reason=caught.value)
    assert said(inside) == "m：config：heads：必须是不小于 1 的整数，不能是 0"


def test_what_is_typed_is_never_a_template() -> None:
    language.set_language("zh")
    with pytest.raises(BackendError) as caught:
        load_backend("{0}{x.__class__}")
    assert said(caught.value).startswith("没有叫 {0}{x.__class__} 的后端")


@pytest.mark.parametrize("ask", [lambda: load_model("no-such-model"), lambda: load_model("proverbs").trace("")])
def test_errors_of_models_reach_chinese(ask) -> None:
    language.set_language("zh")
    with pytest.raises(ModelError) as caught:
        ask()
    assert re.search("[\u4e00-\u9fff]", said(caught.value))
    assert not re.search("[\u4e00-\u9fff]", str(caught.value))
