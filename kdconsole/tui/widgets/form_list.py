"""The settings of a recipe as one virtual list, with one editor that is placed over the value in hand."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import Input

from kdconsole.recipe.draft.draft import Draft
from kdconsole.recipe.draft.rows import Row
from kdconsole.recipe.problems import KeyPath
from kdconsole.tui.builder.form import FormView, columns, row_line, shown_value, value_start
from kdconsole.tui.widgets.line_list import LineList


class FormLines(LineList):
    """The visible rows."""

    def __init__(self, view: FormView, draft: Draft) -> None:
        super().__init__(id="rows")
        self.view = view
        self.draft = draft
        self.rows: list[Row] = []
        self.faults: set[KeyPath] = set()
        self._drawn: object = None  # what the rows were drawn from
        self._looks: list[object] = []  # of each row, what decides how it looks
        self._theme = ""

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def row(self) -> Row | None:
        """The selected row; None when the text cannot be read."""
        return self.rows[self.selected] if self.selected < len(self.rows) else None

    def line(self, place: int, width: int) -> Text:
        row = self.rows[place]
        return row_line(row, self.draft, row.path in self.faults, row.path in self.view.folded, width, self.palette)

    def redraw(self, faults: set[KeyPath]) -> None:
        """The draft or the view may have changed. Nothing is painted again when all looks as before."""
        view, draft = self.view, self.draft
        wanted = (draft.reading, draft.grid, faults, set(view.folded), view.selected, self.app.theme)
        if wanted != self._drawn:
            self._drawn = wanted
            looks = self._looks
            self.faults = faults
            self.rows = view.visible(draft)
            self._looks = [
                (row, row.path in faults, row.path in view.folded, shown_value(row, draft)) for row in self.rows
            ]
            same_place = len(looks) == len(self._looks) and wanted[-1] == self._theme
            self._theme = wanted[-1]
            changed = [place for place, look in enumerate(self._looks) if look != looks[place]] if same_place else None
            self.shown(view.place(self.rows), changed)

    def move(self, by: int) -> None:
        super().move(by)
        if self.row is not None:
            self.view.selected = self.row.path
            self._drawn = None


class Form(Container):
    """The rows and the editor. While one edits, everything but Enter, Esc and the arrows goes to the editor."""

    DEFAULT_CSS = """
    Form { layers: base above; width: 1fr; height: 1fr; }
    Form FormLines { layer: base; }
    Form Input { layer: above; display: none; height: 1; border: none; padding: 0; }
    """

    class Typed(Message):
        """The person has typed a value for a row."""

        def __init__(self, row: Row, text: str) -> None:
            super().__init__()
            self.row = row
            self.text = text

    def __init__(self, view: FormView, draft: Draft) -> None:
        super().__init__(id="form")
        self.lines = FormLines(view, draft)
        self.editor = Input(compact=True, id="editor", select_on_focus=False)
        self._edited: Row | None = None

    def compose(self) -> ComposeResult:
        """Both; the editor is hidden."""
        yield self.lines
        yield self.editor

    @property
    def is_editing(self) -> bool:
        return self._edited is not None

    def edit(self, row: Row, text: str) -> None:
        """Open the editor over the value of the selected row."""
        self._edited = row
        self.editor.value = text
        self.editor.placeholder = row.default
        self.editor.cursor_position = len(text)
        self.editor.display = True
        self.place_editor()
        self.editor.focus()

    def close(self) -> None:
        """Hide the editor; nothing is changed."""
        if self._edited is not None:
            self._edited = None
            self.editor.display = False
            self.lines.focus()

    def place_editor(self) -> None:
        """Keep the editor over its row."""
        if self._edited is not None:
            width = self.lines.row_width
            self.editor.styles.offset = Offset(value_start(width), self.lines.row_of(self.lines.selected))
            self.editor.styles.width = min(
                columns(width).value + 2 + columns(width).default, width - value_start(width)
            )

    @on(Input.Submitted, "#editor")
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._edited is not None:
            self.post_message(self.Typed(self._edited, message.value))
