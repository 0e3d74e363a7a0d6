"""What a person has chosen on the live screen. With the run's state it decides every cell that is drawn."""

from dataclasses import dataclass, field

SMOOTHING = (0.0, 0.6, 0.9, 0.97)


@dataclass
class ViewState:
    """`pane` counts through the charts, then the events. `phase` None: the current phase, whichever it is."""

    pane: int = 0
    maximised: bool = False
    frozen: bool = False
    smoothing: float = 0.6
    phase: str | None = None
    log: set[str] = field(default_factory=set)  # keys of the charts with a logarithmic y axis

    def next_smoothing(self) -> None:
        """Take the next degree of smoothing, after the strongest none."""
        place = SMOOTHING.index(self.smoothing) if self.smoothing in SMOOTHING else -1
        self.smoothing = SMOOTHING[(place + 1) % len(SMOOTHING)]

    def next_phase(self, phases: list[str]) -> None:
        """Show the next of `phases`; after the last, follow the current one again."""
        if self.phase is None:
            self.phase = phases[0] if phases else None
        else:
            place = phases.index(self.phase) + 1 if self.phase in phases else len(phases)
            self.phase = phases[place] if place < len(phases) else None


@dataclass(frozen=True)
class Arrangement:
    """How the live screen divides its cells."""

    charts: int  # shown at a time
    across: int  # charts side by side
    events: int  # rows of the events pane, its title included
    title: bool  # a line of its own for the run's name and facts
    phases: bool  # the phase bar


def arrange(width: int, height: int) -> Arrangement:
    """The arrangement for a terminal of that size.

    From 120 by 36 four charts, from 80 columns two side by side; below 80 they stack, below 60 one is left, with one
    line of state above it.
    """
    if width < 60:
        return Arrangement(1, 1, 0, title=False, phases=False)
    if width < 80:
        stacked = 2 if height >= 20 else 1
        return Arrangement(stacked, 1, 3 if height >= 16 else 0, title=False, phases=True)
    if width >= 120 and height >= 36:
        return Arrangement(4, 2, max(6, height // 6), title=True, phases=True)
    title = height >= 30
    return Arrangement(2, 2, 4 if height >= 20 else 0, title=title, phases=True)
