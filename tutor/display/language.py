"""The language of the interface: English in the source, others from gettext catalogues in locale/.

Mark every text of the interface: `_("Press a key")`, `ngettext("one head", "{n} heads", n).format(n=n)`. A text in a
table that is filled in when the module is imported is marked `N_("…")` there and passed through `_` where it is shown.
The help of a command and of its options needs no mark: tutor/plain/command_help.py passes it through `_`.
"""

import gettext as _gettext
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

LANGUAGES = ("en", "zh")
DOMAIN = "tutor"
LOCALE = Path(__file__).parent / "locale"

_language = "en"
_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()


def _(message: str) -> str:
    """The message in the language of the interface."""
    return _catalogue.gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The message for so many things, in the language of the interface."""
    return _catalogue.ngettext(one, many, count)


def listed(parts: Iterable[str]) -> str:
    """Words one after another, with the comma of the language between them."""
    return _(", ").join(parts)


def sentences(*parts: str) -> str:
    """Sentences one after another, with a space between them where the language has one; empty ones left out."""
    return ("" if _language == "zh" else " ").join(filter(None, parts))


def N_(message: str) -> str:
    """Marks a message for translation without translating it yet."""
    return message


def set_language(language: str) -> None:
    """Speak "en" or "zh" from now on. ValueError for any other."""
    global _language, _catalogue
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    _catalogue = _gettext.translation(DOMAIN, LOCALE, [language], fallback=language == "en")
    _language = language
    # Click asks gettext for its words. That looks in the catalogue of this domain, for the language of LANGUAGE.
    _gettext.bindtextdomain(DOMAIN, str(LOCALE))
    _gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


def current_language() -> str:
    """The language of the interface: "en" or "zh"."""
    return _language


def detect(wanted: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """The language to speak: the one asked for, else that of TUTOR_LANG or the locale, else English."""
    environment = os.environ if environment is None else environment
    names = [environment.get(name) for name in ("TUTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG")]
    name = next(filter(None, [wanted, *names]), "en")
    return "zh" if name.lower().replace("-", "_").partition(".")[0].partition("_")[0] == "zh" else "en"
