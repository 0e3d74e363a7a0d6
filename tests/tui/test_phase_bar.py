"""The phase bar says what is still to come, and no more."""

import pytest

from kdconsole.runs.events import Phase
from kdconsole.runs.state import RunState
from kdconsole.tui.palette import DARK
from kdconsole.tui.widgets.phase_bar import phase_line


def _line(*announced: tuple[str, int]) -> str:
    state = RunState()
    for name, index in announced:
        state.apply(Phase(t=1.0, phase=name, index=index, total=2, epochs=4, steps=8))
    return phase_line(state.phases, state.phase, state.phase, 0, DARK, 80).plain


@pytest.mark.parametrize(
    ("announced", "to_come"),
    [
        ([("teacher", 0)], "+1 to come"),
        ([("teacher", 0), ("distill", 1)], ""),
        ([("distill", 1)], ""),  # its teacher had been trained before: the first phase is not coming any more
    ],
)
def test_only_later_phases_are_to_come(announced: list[tuple[str, int]], to_come: str) -> None:
    line = _line(*announced)
    assert ("to come" in line) == bool(to_come)
    assert to_come in line
