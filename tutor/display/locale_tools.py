"""Translators' tools, on the standard library alone:

python -m tutor.display.locale_tools            collect the messages of the source into each .po and compile the .mo
python -m tutor.display.locale_tools --missing  list the messages that have no translation yet

Then fill in the empty msgstr lines of tutor/display/locale/zh/LC_MESSAGES/tutor.po and run the first line again.
"""

import ast
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.display.language import DOMAIN, LANGUAGES, LOCALE

SOURCE = Path(__file__).parents[1]
MARKS = ("_", "N_", "Message", "ModelError")
PLURALS = {"zh": "nplurals=1; plural=0;"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b"}
_ESCAPED = {value[1]: key for key, value in _ESCAPES.items()}


@dataclass(frozen=True)
class Message:
    """A text of the interface; `many` is its plural in the source, or ""."""

    text: str
    many: str = ""


def collect(source: Path = SOURCE) -> dict[Message, str]:
    """Every marked message of the source with the file it is first in, in the order of files."""
    found: dict[Message, str] = {}
    for path in sorted(source.rglob("*.py")):
        for message in messages_in(path.read_text(encoding="utf-8")):
            found.setdefault(message, path.relative_to(source.parent).as_posix())
    return found


def messages_in(code: str) -> Iterator[Message]:
    """The messages of some Python: those marked with _("…"), N_("…"), Message("…"), ModelError("…") and
    ngettext("…", "…", n), and the help of its commands and their options."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call | ast.FunctionDef)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.FunctionDef):
            yield from _help_of_command(node)
        elif isinstance(node.func, ast.Name):
            yield from _marked(node.func.id, node.args)
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "option":
            yield from map(Message, _texts(word.value for word in node.keywords if word.arg == "help"))


def _marked(mark: str, arguments: Iterable[ast.expr]) -> Iterator[Message]:
    texts = _texts(arguments)
    if mark in MARKS and len(texts) == 1 and texts[0]:
        yield Message(texts[0])
    elif mark == "ngettext" and len(texts) == 2:
        yield Message(*texts)


def _help_of_command(function: ast.FunctionDef) -> Iterator[Message]:
    """The docstring, where a decorator makes a command of the function: @group.command(…), @click.group(…)."""
    makers = (maker.func for maker in function.decorator_list if isinstance(maker, ast.Call))
    text = ast.get_docstring(function)
    if text and any(isinstance(maker, ast.Attribute) and maker.attr in ("command", "group") for maker in makers):
        yield Message(text)


def _texts(values: Iterable[ast.expr]) -> list[str]:
    return [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def read_po(text: str) -> dict[Message, str]:
    """The translations of a .po file; for a plural the one form that Chinese has. "" where there is none yet."""
    entries: dict[Message, str] = {}
    fields: dict[str, str] = {}
    key = ""

    def close() -> None:
        if "msgid" in fields:
            message = Message(fields["msgid"], fields.get("msgid_plural", ""))
            entries[message] = fields.get("msgstr", fields.get("msgstr[0]", ""))
        fields.clear()

    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith('"'):
            key, _space, line = line.partition(" ")
            if key == "msgid":
                close()
            fields[key] = ""
        fields[key] += _unquote(line.strip())
    close()
    return entries


def write_po(language: str, translations: dict[Message, str], places: dict[Message, str]) -> str:
    """A .po file, ordered by source file so that two people's changes seldom meet."""
    lines = ['msgid ""', 'msgstr ""', *(_quote(line + "\n") for line in _header(language))]
    last = ""
    for message, place in places.items():
        lines += ["", f"#: {place}"] if place != last else [""]
        last = place
        lines.append(f"msgid {_quote(message.text)}")
        if message.many:
            lines.append(f"msgid_plural {_quote(message.many)}")
        lines.append(f"{'msgstr[0]' if message.many else 'msgstr'} {_quote(translations.get(message, ''))}")
    return "\n".join(lines) + "\n"


def compile_mo(language: str, translations: dict[Message, str]) -> bytes:
    """The .mo file of these translations (GNU gettext manual, "The Format of GNU MO Files")."""
    table = {"": "".join(line + "\n" for line in _header(language))}
    for message, translation in translations.items():
        if message.text and translation:
            table[message.text + ("\0" + message.many if message.many else "")] = translation
    pairs = [(key.encode(), table[key].encode()) for key in sorted(table, key=str.encode)]
    keys: list[int] = []
    values: list[int] = []
    count, strings = len(pairs), b""
    start = 28 + 16 * count
    for index, lengths in ((0, keys), (1, values)):
        for pair in pairs:
            lengths += [len(pair[index]), start + len(strings)]
            strings += pair[index] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, start)
    return head + struct.pack(f"<{4 * count}I", *keys, *values) + strings


def missing(language: str, source: Path = SOURCE) -> list[str]:
    """The texts of the source that this language has no translation of."""
    known = read_po(catalogue(language).read_text(encoding="utf-8"))
    return [message.text for message in collect(source) if not known.get(message)]


def catalogue(language: str) -> Path:
    """The .po file of a language."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def update(language: str) -> None:
    """Write the .po of a language anew, keeping its translations, and compile it."""
    path = catalogue(language)
    known = read_po(path.read_text(encoding="utf-8")) if path.exists() else {}
    places = collect()
    # A text that changed only in its plural keeps its translation.
    by_text = {message.text: translation for message, translation in known.items()}
    translations = {message: known.get(message) or by_text.get(message.text, "") for message in places}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(write_po(language, translations, places), encoding="utf-8")
    path.with_suffix(".mo").write_bytes(compile_mo(language, translations))


def _header(language: str) -> Iterable[str]:
    yield "Project-Id-Version: transformer-tutor"
    yield f"Language: {language}"
    yield "MIME-Version: 1.0"
    yield "Content-Type: text/plain; charset=UTF-8"
    yield "Content-Transfer-Encoding: 8bit"
    yield f"Plural-Forms: {PLURALS.get(language, 'nplurals=2; plural=(n != 1);')}"


def _quote(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def _unquote(text: str) -> str:
    pieces = iter(text.removeprefix('"').removesuffix('"'))
    escaped = ((character, next(pieces, "") if character == "\\" else "") for character in pieces)
    return "".join(_ESCAPED.get(after, after) if after else character for character, after in escaped)


def main(arguments: list[str]) -> int:
    """Update every catalogue, or list what is not translated yet (exit status 1 if anything is not)."""
    lacking = 0
    for language in LANGUAGES:
        if language == "en":
            continue
        if "--missing" not in arguments:
            update(language)
        texts = missing(language)
        lacking += len(texts)
        print("\n".join([f"{language}: {len(texts)} without a translation", *("  " + repr(text) for text in texts)]))
    return int(bool(lacking) and "--missing" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
