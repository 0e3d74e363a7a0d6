"""`kdconsole bench RECIPE`: where a step's time goes, and its ratio to the least possible."""

from pathlib import Path
from typing import Annotated

import typer

from kdconsole.cli.narrate import print_json, say
from kdconsole.cli.options import Json, RecipeFile, Set


def register(app: typer.Typer) -> None:
    app.command("bench", help="Measure a recipe's training step: parts, floor, logging, memory.")(bench)


def bench(
    recipe: RecipeFile,
    set_: Set = None,
    rounds: Annotated[int, typer.Option("--rounds", min=3, help="Interleaved rounds that count.")] = 10,
    warmup: Annotated[int, typer.Option("--warmup", min=1, help="Rounds before them.")] = 3,
    profile: Annotated[
        Path | None, typer.Option("--profile", help="Write a trace for Perfetto or chrome://tracing.")
    ] = None,
    json: Json = False,
) -> None:
    from kdconsole.backend.threads import wait_politely
    from kdconsole.launch.preflight import load_checked

    wait_politely()
    loaded, _ = load_checked(recipe, set_ or ())
    say("measuring; nothing else should run on this machine")
    from kdconsole.bench.measure import bench as measure

    report = measure(loaded, rounds, warmup, profile)
    if json:
        print_json(report.as_dict())
    else:
        print("\n".join(report.lines()))
    if profile is not None:
        say(f"trace written to {profile}")
