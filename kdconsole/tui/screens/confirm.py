"""One question before something is done to a run."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static


class Confirm(ModalScreen[bool]):
    """Asks; `y` is yes, anything that leads back is no. Enter alone does nothing, so that no habit stops a run."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "yes"),
        Binding("n,q,escape,backspace", "dismiss(False)", "no"),
    ]

    def __init__(self, question: str, detail: str) -> None:
        super().__init__()
        self._question = question
        self._detail = detail

    def compose(self) -> ComposeResult:
        """A box with the question, what it means, and the two answers."""
        with Vertical(classes="box"):
            yield Static(Text(self._question), classes="head")
            yield Static(Text(self._detail), classes="body")
            yield Static(Text("y yes     n no"), classes="keys")
