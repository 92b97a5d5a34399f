"""Lists of models for the command line: the shipped and the downloaded ones, and the card of one."""

from collections.abc import Iterator

from rich.cells import cell_len

from tutor.display.language import _, current_language, listed, ngettext
from tutor.display.measured import quality
from tutor.display.safe import pad, safe
from tutor.models.card import read_card
from tutor.models.errors import ModelError
from tutor.models.hub_cache import CachedModel, cache_folder, cached_models
from tutor.models.published.family import architecture_of
from tutor.models.published.folder import check_settings, read_settings
from tutor.models.registry import available, find_folder, load_model


def model_lines() -> Iterator[str]:
    """The shipped models, smallest first; then those that were downloaded and can be opened."""
    language = current_language()
    models = available()
    longest = max((cell_len(model.name) for model in models), default=0)
    for model in models:
        trained = _("trained") if model.trained else _("untrained: its weights are random")
        facts = f"{model.architecture}, " + _("{0} parameters, {1}").format(f"{model.parameters:,}", trained)
        yield f"{pad(model.name, longest)}  {safe(model.title[language])}"
        yield f"{' ' * longest}  {facts}"
        for line in quality(read_card(find_folder(model.name)).measured):
            yield f"{' ' * longest}  {line}"
    yield from _downloaded_lines()


def _downloaded_lines() -> Iterator[str]:
    """The published models in the Hub's cache."""
    kinds = [(model, _architecture(model)) for model in cached_models()]
    known = [(model, kind) for model, kind in kinds if kind]
    yield ""
    if known:
        yield _("downloaded, in {0}:").format(safe(str(cache_folder())))
    longest = max((cell_len(model.name) for model, _kind in known), default=0)
    for model, kind in known:
        yield f"  {pad(safe(model.name), longest)}  {kind}, {model.bytes / 1e6:,.0f} MB"
    left = len(kinds) - len(known)
    if left:
        text = ngettext("{0} more is there, which cannot be opened", "{0} more are there, which cannot be opened", left)
        yield "  " + text.format(left)
    yield _("a published model: tutor models add openai-community/gpt2")


def _architecture(model: CachedModel) -> str:
    """What kind of model it is; empty where it cannot be opened here."""
    try:
        settings = read_settings(model.folder)
        check_settings(settings)
    except ModelError:
        return ""
    return safe(architecture_of(settings) or str(settings.get("model_type")))


def card_lines(name: str) -> Iterator[str]:
    """A model's card, its config and the shape of every weight."""
    language = current_language()
    model = load_model(name)
    card = model.card
    trained = _("trained") if model.trained else _("untrained: its weights are random")
    yield _("{0}: {1}").format(safe(model.name), safe(card.title[language]))
    yield _("{0} parameters, {1}").format(f"{model.parameters:,}", trained)
    for heading, texts in ((_("summary"), card.summary), (_("limits"), card.limits), (_("data"), card.data)):
        yield _("{0}: {1}").format(heading, safe(" ".join(texts[language].split())))
    for line in quality(card.measured):
        yield _("{0}: {1}").format(_("quality"), line)
    if card.measured:
        figures = (f"{safe(name)} {value:g}" for name, value in card.measured.items())
        yield _("{0}: {1}").format(_("measured"), listed(figures))
    if card.length_penalty != 1:
        yield _("{0}: {1}").format(_("length penalty"), f"{card.length_penalty:g}")
    yield ""
    yield _("config:")
    yield from (f"  {key}: {safe(str(value))}" for key, value in model.config.as_dict().items())
    yield ""
    yield _("weights:")
    longest = max(map(len, model.weights), default=0)
    for weight, array in model.weights.items():
        yield f"  {pad(safe(weight), longest)}  {' × '.join(map(str, array.shape))}"
