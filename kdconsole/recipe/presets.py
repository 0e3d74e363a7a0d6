"""Short names for whole set-ups, as the tables they stand for."""

from typing import Any

from kdconsole.recipe.catalogue import METHODS
from kdconsole.text import printable

Table = dict[str, Any]

_BASE = ["crop", "flip"]
_ICDA_AUGMENT: Table = {
    "teacher": [*_BASE, "solarize"],
    "student": [*_BASE, "jitter", "grayscale", "blur", "solarize"],
}

METHODS_BY_NAME: dict[str, Table] = {
    # the KD row of every table: 0.1 CE + 0.9 KD (CRD protocol)
    "kd": {"method": [{"name": "ce", "weight": 0.1}, {"name": "kd", "weight": 0.9}]},
    "icda": {"method": ["ce", "icd"], "augment": _ICDA_AUGMENT},
    "icda+kd": {"method": ["ce", "kd", "icd"], "augment": _ICDA_AUGMENT},
}

TRAIN_BY_NAME: dict[str, Table] = {
    "crd": {
        "epochs": 240,
        "batch_size": 64,
        "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
        "schedule": {"name": "multistep", "gamma": 0.1},
    },
}

AUGMENT_BY_NAME: dict[str, Table] = {"none": {}, "base": {"student": _BASE}, "icda": _ICDA_AUGMENT}


def method_setup(name: str) -> Table | None:
    """The tables behind `method = "name"`: a named set-up, or terms joined by `+` (cross entropy is added).

    None when a part is not a method.
    """
    if name in METHODS_BY_NAME:
        return METHODS_BY_NAME[name]
    parts = name.split("+")
    if any(part not in METHODS for part in parts):
        return None
    terms = parts if "ce" in parts else ["ce", *parts]
    # kd stands second in every printed row ("CRD+KD"); the order of terms changes nothing but the listing
    return {"method": sorted(terms, key=lambda part: {"ce": 0, "kd": 1}.get(part, 2))}


def unknown_method(name: str) -> tuple[str, str]:
    """What is wrong with a `method = "name"` that has no setup, as (what was found, what to do)."""
    wrong = next(part for part in name.split("+") if part not in METHODS)
    return f"unknown method “{printable(wrong)}”", f"{METHODS.unknown_hint(wrong)}; join several with +"
