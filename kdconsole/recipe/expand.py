"""From what people like to write to the long form: short names, presets, one-word tables, derived defaults."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kdconsole.recipe.catalogue import DATASETS, METHODS
from kdconsole.recipe.presets import AUGMENT_BY_NAME, TRAIN_BY_NAME, method_setup
from kdconsole.recipe.problems import KeyPath
from kdconsole.text import printable, suggestion

Table = dict[str, Any]
Report = Callable[[KeyPath, str, str], None]

_GEOMETRIC = ("crop", "flip")
_MILESTONES = (0.625, 0.75, 0.875)  # 150, 180 and 210 of 240 epochs: the CRD protocol


def expand(raw: Table, folder: Path, report: Report) -> Table:
    """The long form of `raw`. `folder` is the recipe's own, for relative paths; faults go to `report(path, found, hint)`."""
    table = dict(raw)
    method = raw.get("method")
    for key, word in (("data", "dataset"), ("student", "arch"), ("teacher", "arch")):
        if isinstance(table.get(key), str):
            table[key] = {word: table[key]}
    _expand_method(table, report)
    table["augment"] = _expand_augment(table.get("augment", {}), report)
    if isinstance(method, str) and "augment" in (method_setup(method) or {}) and not _two_views(table["augment"]):
        report(
            ("augment",),
            f"“{printable(method)}” gives teacher and student a view each, this has one for both",
            f'augment = "icda", or method = "{method.replace("icda", "icd")}" for one view',
        )
    table["train"] = _expand_train(table.get("train", {}), ("train",), report)
    if isinstance(table.get("data"), dict):
        table["data"] = _expand_data(table["data"], folder)
    if isinstance(table.get("teacher"), dict):
        table["teacher"] = _expand_teacher(table["teacher"], table["augment"], folder, report)
    table.setdefault("name", _derived_name(table))
    return table


def _expand_method(table: Table, report: Report) -> None:
    method = table.get("method")
    if isinstance(method, str):
        setup = method_setup(method)
        if setup is None:
            known = METHODS.names()
            wrong = next(part for part in method.split("+") if part not in known)
            close = suggestion(wrong, known)
            report(
                ("method",),
                f"unknown method “{printable(wrong)}”",
                f"did you mean “{close}”?" if close else f"known: {', '.join(known)}; join several with +",
            )
            table["method"] = []
            return
        table["method"] = setup["method"]
        if "augment" in setup and isinstance(table.get("augment", {}), dict):
            table["augment"] = {**setup["augment"], **table.get("augment", {})}
    if isinstance(table.get("method"), list):
        table["method"] = _named(table["method"])


def _expand_augment(augment: Any, report: Report) -> Any:
    if isinstance(augment, str):
        augment = {"preset": augment}
    elif isinstance(augment, list):
        augment = {"student": augment}
    if not isinstance(augment, dict):
        return augment
    augment = _with_preset(augment, AUGMENT_BY_NAME, ("augment",), report)
    return {key: _named(value) if key in ("student", "teacher") else value for key, value in augment.items()}


def _two_views(augment: Any) -> bool:
    return isinstance(augment, dict) and "teacher" in augment


def _expand_train(train: Any, path: KeyPath, report: Report) -> Any:
    if isinstance(train, str):
        train = {"preset": train}
    if not isinstance(train, dict):
        return train
    train = _with_preset(train, TRAIN_BY_NAME, path, report)
    for key, default in (("optimizer", "sgd"), ("schedule", "multistep")):
        value = train.get(key, default)
        train[key] = {"name": value} if isinstance(value, str) else value
        if isinstance(train[key], dict):
            train[key] = {"name": default, **train[key]}
    epochs, schedule = train.get("epochs", 240), train["schedule"]
    if isinstance(schedule, dict) and schedule["name"] == "multistep" and isinstance(epochs, int):
        schedule.setdefault("milestones", sorted({round(share * epochs) for share in _MILESTONES}))
    return train


def _with_preset(table: Table, presets: dict[str, Table], path: KeyPath, report: Report) -> Table:
    """`table` over the preset that it names; nested tables merge, one with another `name` replaces."""
    own = {key: value for key, value in table.items() if key != "preset"}
    if "preset" not in table:
        return own
    name = table["preset"]
    if name not in presets:
        close = suggestion(str(name), presets)
        hint = f"did you mean “{close}”?" if close else f"known: {', '.join(presets)}"
        report((*path, "preset"), f"unknown preset “{printable(str(name))}”", hint)
        return own
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in presets[name].items()}
    for key, value in own.items():
        below = merged.get(key)
        same = (
            isinstance(below, dict)
            and isinstance(value, dict)
            and value.get("name", below.get("name")) == below.get("name")
        )
        merged[key] = {**below, **value} if same and isinstance(below, dict) else value
    return merged


def _expand_data(data: Table, folder: Path) -> Table:
    data = dict(data)
    if data.get("dataset") in DATASETS.names():
        data.setdefault("normalize", data["dataset"])
    if isinstance(data.get("root"), str):
        data["root"] = str(_found_path(data["root"], folder))
    return data


def _expand_teacher(teacher: Table, augment: Any, folder: Path, report: Report) -> Table:
    teacher = dict(teacher)
    if "train" in teacher:
        teacher["train"] = _expand_train(teacher["train"], ("teacher", "train"), report)
        student = augment.get("student", []) if isinstance(augment, dict) else []
        geometric = [item for item in student if isinstance(item, dict) and item.get("name") in _GEOMETRIC]
        teacher["augment"] = _named(teacher.get("augment", geometric))
    if isinstance(teacher.get("weights"), str):
        path = _found_path(teacher["weights"], folder)
        if not path.is_file():
            report(
                ("teacher", "weights"),
                f"no file “{printable(teacher['weights'])}” (looked here and beside the recipe)",
                "train the teacher with [teacher.train], or bring weights in with `kdconsole import FILE`",
            )
        teacher["weights"] = str(path)
    return teacher


def _found_path(written: str, folder: Path) -> Path:
    """A path as seen from the working directory, else from the recipe's folder; absolute, so that a run can move on."""
    path = Path(written).expanduser()
    beside = folder / path
    return (path if path.exists() or not beside.exists() else beside).resolve()


def _named(items: Any) -> Any:
    """Each one-word entry as a table with a name."""
    if not isinstance(items, list):
        return items
    return [{"name": item} if isinstance(item, str) else item for item in items]


def _derived_name(table: Table) -> str:
    def arch(key: str) -> str:
        section = table.get(key)
        return str(section.get("arch", "")) if isinstance(section, dict) else ""

    terms = [str(term.get("name", "?")) for term in table.get("method", []) if isinstance(term, dict)]
    pair = f"{arch('teacher')}→{arch('student')}" if arch("teacher") else arch("student")
    return f"{'+'.join(terms)} {pair}".strip() or "run"
