"""A folder as Hugging Face Transformers writes it, opened as a model of the tutor.

`config.json` says the family, `model.safetensors` (or shards and their index) holds the weights, `tokenizer.json` the
vocabulary, `generation_config.json` with which tokens an answer starts and ends.
"""

from __future__ import annotations

from pathlib import Path

from tutor.engine.config import ConfigError, TransformerConfig
from tutor.engine.transformer import weight_shapes
from tutor.models.card import ModelCard, Texts
from tutor.models.errors import ModelError
from tutor.models.hub_cache import name_of
from tutor.models.model import Model
from tutor.models.published.families import FAMILIES
from tutor.models.published.family import Checkpoint, Family, labels
from tutor.models.published.generation_rules import read_rules, unheeded
from tutor.models.published.names import read_weights
from tutor.models.published.settings import Settings, read_json
from tutor.models.published.tensors import Tensors
from tutor.models.published.tokenizer import open_tokenizers

CONFIG = "config.json"
GENERATION = "generation_config.json"
FROM_GENERATION = ("eos_token_id", "pad_token_id", "decoder_start_token_id")
MOST_LAYERS = 1000
SHOWN = 5  # names of tensors that were not used


def is_published(folder: Path) -> bool:
    """Whether a folder looks like one that Transformers wrote."""
    return (folder / CONFIG).is_file()


def load_published(folder: Path) -> Model:
    """The model in such a folder. Raises ModelError naming the file and the tensor or field, and what is wrong."""
    settings = read_settings(folder)
    family = check_settings(settings)
    checkpoint = Checkpoint(settings, Tensors(folder), family.prefixes)
    config = read_config(family, checkpoint)
    weights, used = read_weights(checkpoint.tensors, weight_shapes(config), family.table, family.prefixes)
    unused = family.unused(checkpoint.tensors, used)
    reads, writes = open_tokenizers(folder, config)
    parameters = sum(array.size for array in weights.values())
    answering = generation_settings(folder, settings)
    about = card(folder, checkpoint, config, parameters, limits(unused, unheeded(answering)))
    rules = read_rules(answering, config) if "words" in config.tasks else None
    return Model(about, config, weights, reads, writes, labels(checkpoint), rules)


def read_settings(folder: Path) -> Settings:
    """The fields of `config.json`, those of `generation_config.json` before them where they say how to answer."""
    data = read_json(folder / CONFIG)
    if (folder / GENERATION).is_file():
        own = read_json(folder / GENERATION)
        data |= {field: own[field] for field in FROM_GENERATION if own.get(field) is not None}
    return Settings(data, folder / CONFIG)


def generation_settings(folder: Path, settings: Settings) -> Settings:
    """The settings of generation: a file of their own or, in the older way, fields among the others."""
    path = folder / GENERATION
    if not path.is_file():
        return settings
    data = read_json(path)
    return Settings({"eos_token_id": settings.get("eos_token_id")} | data, path)


def check_settings(settings: Settings) -> Family:
    """The family that the settings name. Raises ModelError for one, or an architecture of it, that is not known."""
    family = family_of(settings)
    family.check(settings)
    return family


def family_of(settings: Settings) -> Family:
    """The family that the settings name. Raises ModelError for one that is not known."""
    name = settings.get("model_type")
    if not isinstance(name, str) or name not in FAMILIES:
        raise ModelError(
            "{path}: model_type: {name} is not supported; there are {names}",
            path=settings.path,
            name=str(name)[:60],
            names=", ".join(FAMILIES),
        )
    return FAMILIES[name]


def read_config(family: Family, checkpoint: Checkpoint) -> TransformerConfig:
    """The config that the settings describe. Raises ModelError."""
    path = checkpoint.settings.path
    try:
        config = family.config(checkpoint)
    except ConfigError as error:
        raise ModelError("{path}: {reason}", path=path, reason=error) from None
    if max(config.encoder_layers, config.decoder_layers) > MOST_LAYERS:
        raise ModelError("{path}: more than {most} layers", path=path, most=MOST_LAYERS)
    return config


def card(folder: Path, checkpoint: Checkpoint, config: TransformerConfig, parameters: int, limits: Texts) -> ModelCard:
    """What there is to say of a model that came without a card of ours."""
    kind = checkpoint.architecture or str(checkpoint.settings.get("model_type"))
    name = name_of(folder)
    return ModelCard(
        name=name,
        title={"en": name, "zh": name},
        summary={"en": f"A published checkpoint ({kind}).", "zh": f"公开发布的模型（{kind}）。"},
        limits=limits,
        data={"en": f"Read from {folder}.", "zh": f"读自 {folder}。"},
        trained=True,
        parameters=parameters,
        config=config.as_dict(),
    )


def limits(unused: tuple[str, ...], unheeded: tuple[str, ...] = ()) -> Texts:
    """What of the file has no place in the model, and what of its settings of generation is not heeded."""
    if unused:
        names = ", ".join(unused[:SHOWN]) + (", …" if len(unused) > SHOWN else "")
        english = f"{len(unused)} tensors of the file have no place in the model: {names}."
        chinese = f"文件中有 {len(unused)} 个张量在模型里没有位置：{names}。"
    else:
        english, chinese = "Every tensor of the file is used.", "文件中的每个张量都用上了。"
    if unheeded:
        english += f" Generation does not heed {', '.join(unheeded)} of its settings."
        chinese += f"生成时不理会设置中的 {'、'.join(unheeded)}。"
    return {"en": english, "zh": chinese}
