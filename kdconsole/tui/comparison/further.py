"""Which runs a cell of a comparison still needs, and starting them."""

from dataclasses import dataclass

from kdconsole.compare.seeds import Relatives, Seed, SeedStatus
from kdconsole.runs.layout import RunFolder
from kdconsole.text import printable
from kdconsole.tui.comparison.drawing import Selected

NO_RECIPE = "There is no run here whose recipe another seed could have: clone one, or build a recipe (3)."


@dataclass(frozen=True)
class Further:
    """Seeds that a cell lacks: `missing` ones get a new run of `recipe`, which is a run's folder, `unfinished` ones go on."""

    label: str
    recipe: RunFolder
    missing: tuple[int, ...]
    unfinished: tuple[Seed, ...]

    @property
    def question(self) -> str:
        """What the person is asked."""
        seeds = [*self.missing, *(seed.number for seed in self.unfinished)]
        return f"Start {'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, seeds))} of {self.label}?"

    @property
    def detail(self) -> str:
        """What a yes means, a line for each run."""
        new = [f"A new run of the recipe of {printable(self.recipe.name)} for seed {seed}." for seed in self.missing]
        old = [f"{seed.row.run} goes on from epoch {seed.row.epoch}." for seed in self.unfinished if seed.row]
        return "\n".join([*new, *old])

    def folders(self) -> list[RunFolder]:
        """The runs to start: folders are made for the new ones. Raises UserError or OSError."""
        from kdconsole.launch.further import create_further_seeds  # loads the recipe's schema

        new = create_further_seeds(self.recipe, list(self.missing)) if self.missing else []
        return [*new, *(seed.row.folder for seed in self.unfinished if seed.row and seed.row.folder)]


def further_runs(selected: Selected | None) -> Further | Relatives | str:
    """What the selected cell lacks, whose recipes say what a blank one lacks, or why nothing can be started."""
    if selected is None or not selected.rows:
        return (selected and selected.relatives) or NO_RECIPE
    seeds = selected.seeds
    missing = tuple(seed.number for seed in seeds if seed.status is SeedStatus.MISSING)
    unfinished = tuple(seed for seed in seeds if seed.status is SeedStatus.UNFINISHED)
    recipe = next((row.folder for row in selected.rows if row.folder), None)
    if recipe is None or not (missing or unfinished):
        running = any(seed.status is SeedStatus.RUNNING for seed in seeds)
        return "Its missing seeds are running." if running else "No seed is missing here."
    return Further(selected.line.label, recipe, missing, unfinished)
