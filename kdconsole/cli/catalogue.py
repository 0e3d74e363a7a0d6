"""`kdconsole methods|models|datasets|augments`: what exists, generated from the declarations."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from kdconsole.cli.narrate import print_json
from kdconsole.cli.options import Json

Name = Annotated[str | None, typer.Argument(help="Show one entry in full.")]


def register(app: typer.Typer) -> None:
    app.command("methods", help="List the distillation objectives; with a name, its parameters.")(methods)
    app.command("augments", help="List the transforms of views; with a name, its parameters.")(augments)
    app.command("models", help="List the network families and their members.")(models)
    app.command("datasets", help="List the data sets.")(datasets)


def methods(name: Name = None, json: Json = False) -> None:
    from kdconsole.recipe.catalogue import METHODS

    _print_params([METHODS[name]] if name else METHODS, full=name is not None, json=json)


def augments(name: Name = None, json: Json = False) -> None:
    from kdconsole.recipe.catalogue import TRANSFORMS

    _print_params([TRANSFORMS[name]] if name else TRANSFORMS, full=name is not None, json=json)


def models(name: Name = None, json: Json = False) -> None:
    from kdconsole.recipe.arch import find_arch
    from kdconsole.recipe.catalogue import MODELS

    families = list(MODELS)
    if name is not None:
        families = [MODELS[name if name in MODELS else find_arch(name).family]]
    if json:
        print_json([
            {"family": family.name, "help": family.help, "source": family.source, "examples": family.examples}
            for family in families
        ])  # fmt: skip
        return
    for family in families:
        print(f"{family.name}: {family.help}\n    {', '.join(family.examples)}\n    source: {family.source}")


def datasets(name: Name = None, json: Json = False) -> None:
    from dataclasses import asdict

    from kdconsole.recipe.catalogue import DATASETS

    found = [DATASETS[name]] if name else list(DATASETS)
    if json:
        print_json([asdict(info) for info in found])
        return
    for info in found:
        height, width = info.size
        fetched = ", no download" if info.bundled else ""
        images = f"{info.train:,} + {info.test:,} images{fetched}"
        shape = f"{info.classes} classes, {info.channels}×{height}×{width}, {images}"
        print(f"{info.name:14} {shape}\n    {info.help}\n    source: {info.source}")


def _print_params(entries: Iterable[Any], full: bool, json: bool) -> None:
    from kdconsole.recipe.params import describe

    if json:
        print_json([
            {
                "name": entry.catalogue_name(), "help": entry.summary(), "source": entry.source,
                "parameters": [parameter._asdict() for parameter in describe(entry)],
            }
            for entry in entries
        ])  # fmt: skip
        return
    for entry in entries:
        print(f"{entry.catalogue_name():12} {entry.summary()}")
        if entry.source:
            print(f"{'':12} source: {entry.source}")
        for parameter in describe(entry):
            limits = f" ({parameter.allowed})" if parameter.allowed else ""
            print(f"{'':4}{parameter.name} = {parameter.default}{limits}: {parameter.help}")
            if full and parameter.source:
                print(f"{'':8}source: {parameter.source}")
