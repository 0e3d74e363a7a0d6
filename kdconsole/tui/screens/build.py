"""The recipe builder: every setting as a row, all problems at once, and what the recipe will do."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import get_current_worker

from kdconsole.errors import UserError
from kdconsole.launch.cost import Cost, Past, cost_of, past_runs
from kdconsole.recipe.draft.difference import difference
from kdconsole.recipe.draft.files import (
    DraftFile,
    content_of,
    open_draft,
)
from kdconsole.recipe.draft.fixes import Fix
from kdconsole.recipe.draft.preview import preview
from kdconsole.recipe.draft.reading import Reading
from kdconsole.recipe.draft.rows import Row
from kdconsole.recipe.problems import KeyPath, Problem
from kdconsole.text import printable
from kdconsole.tui.builder.beginning import beginning
from kdconsole.tui.builder.editing import Editing
from kdconsole.tui.builder.form import FormView, faults_by_path, head_line
from kdconsole.tui.builder.inspection import Inspection, inspect
from kdconsole.tui.builder.lines import (
    cost_lines,
    diff_lines,
    help_lines,
    outline,
    problem_lines,
    schedule_lines,
    text_lines,
    title_line,
)
from kdconsole.tui.builder.saving import Saving
from kdconsole.tui.builder.starting import Starting
from kdconsole.tui.keys import BUILD, bindings
from kdconsole.tui.messages import OpenBuilder
from kdconsole.tui.palette import Palette, follow_theme, palette_for
from kdconsole.tui.screens.before_after import BeforeAfter
from kdconsole.tui.screens.find import Find, Option
from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.form_list import Form
from kdconsole.tui.widgets.key_bar import KeyBar
from kdconsole.tui.widgets.line_list import LineList
from kdconsole.tui.widgets.lines import Lines
from kdconsole.tui.widgets.rule import rule
from kdconsole.tui.widgets.status_line import StatusLine

SETTLE_SECONDS = 0.15  # without another edit, before files are looked at
LOOK_SECONDS = 1.0  # between looks at the recipe's file
OUTLINE_FROM, SIDE_FROM = 130, 110  # columns from which these panes have a place of their own
_PROBLEM_ROWS = 5


class Inspected(Message):
    """The text has been looked at."""

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self.inspection = inspection


class FileChanged(Message):
    """The recipe's file holds something else than before."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class PastRead(Message):
    """What earlier runs took."""

    def __init__(self, past: list[Past]) -> None:
        super().__init__()
        self.past = past


class BuildScreen(Screen[None]):
    """Edits one recipe. It starts runs, and never owns one."""

    CSS_PATH = "build.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(BUILD)]
    PLACE: ClassVar[str] = BUILD

    def __init__(self, root: Path, wish: OpenBuilder) -> None:
        """Runs go below `root`. Raises UserError when a file cannot be read."""
        super().__init__()
        self.root = root
        self.draft = beginning(wish, Path.cwd())
        self.file = DraftFile(self.draft)
        self._began_as = None if wish.parent is None else open_draft(wish.parent).reading
        self._against_began = wish.parent is not None
        self._view = FormView()
        self._form = Form(self._view, self.draft)
        self._saving = Saving(self)
        self._editing = Editing(self, self._view, self._form)
        self._starting = Starting(self, self._saving)
        self._inspection = Inspection(self.draft.text, self.draft.reading.problems)
        self._refused: list[Problem] = []  # what the last attempt to run brought up, until the text is another
        self._trouble = ""
        self._past: list[Past] = []
        self._sections: list[KeyPath] = []
        self._side_shown: object = None  # what the side pane was drawn from
        self._pane = "rows"
        self._as_text = False
        self._leaving = threading.Event()
        self._left = False

    def compose(self) -> ComposeResult:
        """A line of state; sections, form and what will come of it side by side; problems; help; keys."""
        yield StatusLine(id="title")
        with Horizontal(id="body"):
            yield LineList(id="outline")
            with Vertical(id="middle"):
                yield StatusLine(id="columns")
                yield self._form
                yield LineList(id="text")
            yield LineList(id="side", selectable=False)
        yield StatusLine(id="problems-title")
        yield LineList(id="problems")
        yield Lines(id="help")
        yield KeyBar(BUILD)

    def on_mount(self) -> None:
        follow_theme(self, self._redraw)
        self._arrange()
        self._form.lines.focus()
        self._inspect()
        self._watch_file()
        self.call_after_refresh(self._saving.offer_rescued)

    def on_unmount(self) -> None:
        self._leaving.set()
        if not self._left:
            self.file.rescue()

    def on_screen_resume(self) -> None:
        self.app.title = f"build {printable(self.draft.file.name)}"
        self._read_past()  # runs may have ended meanwhile
        self._redraw()

    # -- work in the background -----------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="inspect", exit_on_error=False)
    def _inspect(self) -> None:
        worker, text, file = get_current_worker(), self.draft.text, self.draft.file
        if not self._leaving.wait(SETTLE_SECONDS) and not worker.is_cancelled:
            self.post_message(Inspected(inspect(text, file)))

    @on(Inspected)
    def _inspected(self, message: Inspected) -> None:
        if message.inspection.text == self.draft.text:
            self._inspection = message.inspection
            self._arrange()

    @work(thread=True, exclusive=True, group="file", exit_on_error=False)
    def _watch_file(self) -> None:
        seen: object = None
        known = self.draft.saved
        while not self._leaving.wait(LOOK_SECONDS):
            file = self.draft.file
            try:
                status = file.stat()
                now: object = (file, status.st_mtime_ns, status.st_size)
                text = content_of(file) if now != seen else known
            except (OSError, ValueError, UserError):
                continue
            seen = now
            if text is not None and text != known and file == self.draft.file:
                known = text
                self.post_message(FileChanged(text))

    @on(FileChanged)
    def _file_changed(self, message: FileChanged) -> None:
        self._saving.file_changed(message.text)

    @work(thread=True, exclusive=True, group="past", exit_on_error=False)
    def _read_past(self) -> None:
        self.post_message(PastRead(past_runs(self.root)))

    @on(PastRead)
    def _past_read(self, message: PastRead) -> None:
        self._past = message.past
        self._redraw()

    # -- what the parts ask -----------------------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The selected row; None when the text is no recipe at all."""
        return self._form.lines.row

    def attempt(self, edit: Callable[[], object]) -> bool:
        """Do `edit`; what a person can mend is said below the form. Returns whether it was done."""
        try:
            edit()
        except UserError as error:
            self.say(str(error).replace("\n  → ", " → "))
            return False
        self.edited()
        return True

    def edited(self) -> None:
        """The text is another: everything is drawn again, and files are looked at soon."""
        self._trouble = ""
        self._refused = []
        self._inspect()
        self._arrange()

    def reveal(self, path: KeyPath) -> None:
        """Select a row, and unfold what hides it."""
        self._view.reveal(path)
        self._redraw()

    def say(self, trouble: str) -> None:
        """Say something where the selected setting is explained."""
        self._trouble = printable(trouble, 400)
        self._redraw()

    def tell(self, words: str, *, error: bool = False) -> None:
        """Say something in a corner."""
        self.notify(printable(words, 600), severity="error" if error else "information", markup=False, timeout=5)

    def refuse(self, problems: list[Problem]) -> None:
        """Show problems that no edit has brought up."""
        known = set(self._inspection.problems)
        self._refused = [problem for problem in problems if problem not in known]
        place = next((place for place, problem in enumerate(self._problems) if problem in problems), 0)
        self._pane = "problems"
        self.query_one("#problems", LineList).selected = place
        self._go_to_problem(place)
        self._arrange()

    def cost(self) -> Cost | None:
        """What one run will take, as far as past ones tell."""
        recipe = self.draft.reading.recipe
        return None if recipe is None else cost_of(recipe, self._past)

    @property
    def _is_inspected(self) -> bool:
        return self._inspection.text == self.draft.text

    @property
    def _problems(self) -> list[Problem]:
        """What is wrong: with what the text says at once, with files that it names a moment later."""
        found = self._inspection.problems if self._is_inspected else self.draft.reading.problems
        return [*found, *self._refused]

    @property
    def _fixes(self) -> dict[int, Fix]:
        return self._inspection.fixes if self._is_inspected else {}

    # -- drawing --------------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        self._arrange()

    @on(Drawn.Resized)
    def _pane_resized(self) -> None:
        self._redraw()

    @property
    def _palette(self) -> Palette:
        return palette_for(self.app.current_theme.dark)

    def _arrange(self) -> None:
        """Give each pane its place; on a narrow terminal the side takes the form's place while it is selected."""
        if not self.is_mounted:
            return
        wide = self.size.width >= SIDE_FROM
        if self._pane == "problems" and not self._problems:
            self._pane = "rows"
        side_alone = self._pane == "side" and not wide
        self.query_one("#outline").display = self.size.width >= OUTLINE_FROM
        self.query_one("#side").display = wide or side_alone
        self.query_one("#side").styles.width = "1fr" if side_alone else max(36, self.size.width * 3 // 10)
        self.query_one("#middle").display = not side_alone
        self._form.display = not self._as_text
        self.query_one("#text").display = self._as_text
        problems = self.query_one("#problems", LineList)
        problems.styles.height = min(_PROBLEM_ROWS, len(self._problems), max(1, self.size.height // 6))
        problems.display = bool(self._problems)
        self.query_one("#help").styles.height = 2 if self.size.height >= 16 else 1
        if not self._form.is_editing and self.focused is not self._list:
            self._list.focus()
        self._redraw()

    @property
    def _list(self) -> LineList:
        """The list that keys act on."""
        if self._pane == "rows":
            return self.query_one("#text", LineList) if self._as_text else self._form.lines
        return self.query_one(f"#{self._pane}", LineList)

    def _redraw(self) -> None:
        """Draw everything from the draft and the view. Cells that look as before are not sent."""
        if not self.is_mounted or not self.is_attached:
            return
        palette, width, problems = self._palette, self.size.width, self._problems
        faults = faults_by_path(self.draft, problems)
        self.query_one("#title", StatusLine).show([title_line(self.draft, len(problems), palette, width)])
        self._form.lines.redraw(faults)
        self._form.place_editor()
        self._draw_middle(palette)
        self._draw_outline(faults, palette)
        self._draw_side(palette)
        self._draw_problems(palette)
        self._draw_selection()

    def _draw_middle(self, palette: Palette) -> None:
        """The names of the form's columns, or the text."""
        head = self.query_one("#columns", StatusLine)
        if not self._as_text:
            head.show([head_line(self._form.lines.row_width, palette)])
            return
        width, focused = max(1, self.query_one("#middle").size.width), self._pane == "rows"
        head.show([rule(printable(self.draft.file.name), width, palette, focused=focused)])
        self.query_one("#text", LineList).show(text_lines(self.draft, self._problems, palette))

    def _draw_outline(self, faults: set[KeyPath], palette: Palette) -> None:
        pane = self.query_one("#outline", LineList)
        if pane.display:
            entries = outline(self.draft, faults, palette, pane.row_width)
            self._sections = [path for path, _ in entries]
            pane.show([line for _, line in entries])

    def _draw_side(self, palette: Palette) -> None:
        pane = self.query_one("#side", LineList)
        width = pane.row_width
        if not pane.display or width < 12:
            return
        recipe, (base, called) = self.draft.reading.recipe, self._base
        wanted = (self.draft.reading, base, self._past, self.draft.runs, width, pane.size.height, id(palette))
        if wanted == self._side_shown:
            return
        self._side_shown = wanted
        plan = preview(recipe) if recipe is not None else None
        lines = [*schedule_lines(plan, palette, width, 5 if pane.size.height < 28 else 8), Text("")]
        if base is not None:
            lines += [*diff_lines(difference(base, self.draft.reading), called, palette, width), Text("")]
        teacher = recipe is not None and recipe.teacher is not None and recipe.teacher.train is not None
        pane.show([*lines, *cost_lines(self.cost(), self.draft.runs, teacher, palette, width)])

    @property
    def _base(self) -> tuple[Reading | None, str]:
        """What the recipe is compared with, and what that is called."""
        if self._against_began and self._began_as is not None:
            return self._began_as, "the run's recipe"
        return self.file.saved_reading, "the saved file"

    def _draw_problems(self, palette: Palette) -> None:
        pane, problems = self.query_one("#problems", LineList), self._problems
        pane.show(problem_lines(problems, self._fixes, palette, pane.row_width))
        words = f"problems {len(problems)}" if problems else "nothing is wrong"
        title = rule(words, self.size.width, palette, focused=self._pane == "problems")
        self.query_one("#problems-title", StatusLine).show([title])

    def _draw_selection(self) -> None:
        """What follows the selected row: where it is among the sections, and what it means."""
        pane = self.query_one("#outline", LineList)
        if pane.display and self._pane != "outline":
            around = [place for place, path in enumerate(self._sections) if self._view.selected[: len(path)] == path]
            place = max(around, key=lambda place: len(self._sections[place]), default=0)
            if place != pane.selected:
                pane.shown(place)
        lines = help_lines(self.row, self.draft, self._trouble, self._palette, self.size.width)
        self.query_one("#help", Lines).show(lines)

    # -- moving ---------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Select another line; what is being edited is taken first."""
        if self._editing.take_typed():
            self._trouble = ""
            self._list.move(by)

    def action_page(self, direction: int) -> None:
        """One page."""
        self._list.page(direction)

    def action_edge(self, direction: int) -> None:
        """The first line or the last."""
        self._list.edge(direction)

    @on(LineList.Moved)
    def _moved(self, message: LineList.Moved) -> None:
        place = message.lines.selected
        if message.lines.id == "problems":
            self._go_to_problem(place)
            self._redraw()
        elif message.lines.id == "outline" and self._pane == "outline":
            self.reveal(self._sections[place])
        else:
            self._draw_selection()

    def action_section(self, by: int) -> None:
        """Select the head of the next section."""
        heads = [row.path for row in self._form.lines.rows if row.is_head and len(row.path) < 2]
        if heads:
            around = [place for place, path in enumerate(heads) if self._view.selected[: len(path)] == path]
            self.reveal(heads[(max(around, default=0) + by) % len(heads)])

    def action_fold(self, fold: bool) -> None:
        """Hide or show the rows of the head that the selection is, or is below."""
        path = self._view.selected
        heads = {row.path for row in self.draft.reading.rows if row.is_head}
        head = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in heads), None)
        if head is not None and fold:
            self._view.folded.add(head)
            self._view.selected = head
        elif head is not None:
            self._view.folded.discard(head)
        self._redraw()

    def action_focus_pane(self, by: int) -> None:
        """Give the keys to the next pane."""
        if not self._editing.take_typed():
            return
        panes = ["rows", *(["problems"] if self._problems else []), "side"]
        if self.query_one("#outline").display:
            panes.append("outline")
        self._pane = panes[(panes.index(self._pane) + by) % len(panes)] if self._pane in panes else "rows"
        if self._pane == "problems":
            self._go_to_problem(self.query_one("#problems", LineList).selected)
        self._arrange()

    def _go_to_problem(self, place: int) -> None:
        problems = self._problems
        row = self.draft.reading.row_of(problems[place].key) if place < len(problems) else None
        if row is not None:
            self._view.reveal(row.path)

    def _to_form(self) -> None:
        self._pane = "rows"
        self._arrange()

    def action_find(self) -> None:
        """Find a setting by typing parts of its name or of its help."""
        rows = {row.key or "recipe": row for row in self.draft.reading.rows}

        def found(key: str | None) -> None:
            if key is not None:
                self._view.reveal(rows[key].path)
                self._to_form()

        self.app.push_screen(Find("find a setting", [Option(key, key, row.help) for key, row in rows.items()]), found)

    # -- editing --------------------------------------------------------------------------------------------------

    @on(LineList.Chosen)
    def action_edit(self) -> None:
        """What Enter does to the selected line: in the other panes it leads to the form."""
        if self._pane == "problems":
            self._go_to_problem(self.query_one("#problems", LineList).selected)
        if self._pane in ("problems", "outline"):
            self._to_form()
        elif self._pane == "rows" and not self._as_text and self.row is not None:
            self._editing.enter(self.row)

    @on(Form.Typed)
    def _typed(self, message: Form.Typed) -> None:
        if self._editing.take(message.row, message.text):
            self._arrange()

    @on(Input.Changed, "#editor")
    def _typing(self) -> None:
        if self._trouble:
            self.say("")

    def _on_row(self, act: Callable[[Row], object]) -> None:
        if self.row is not None:
            act(self.row)

    def action_remove(self) -> None:
        """Remove what this file sets at the selected row."""
        if self._pane == "rows":
            self._on_row(self._editing.remove)

    def action_add(self) -> None:
        """Add an entry to the list around the selection, or to the objective."""
        self._on_row(self._editing.add)

    def action_move_entry(self, by: int) -> None:
        """Move the entry that the selection is in."""
        self._on_row(lambda row: self._editing.move(row, by))

    def action_presets(self) -> None:
        """Choose among the presets that fit here."""
        self._on_row(self._editing.presets)

    def action_vary(self) -> None:
        """Give the selected setting several values."""
        self._editing.vary(self.row)

    def action_editor(self) -> None:
        """Edit the text in the person's own editor."""
        self._editing.in_editor()

    def action_undo(self) -> None:
        """Take back the last edit."""
        self._step(self.draft.undo, "there is nothing to take back")

    def action_redo(self) -> None:
        """Take back the last undo."""
        self._step(self.draft.redo, "there is nothing to do again")

    def _step(self, step: Callable[[], bool], nothing: str) -> None:
        if step():
            self.edited()
        else:
            self.say(nothing)

    def action_fix(self) -> None:
        """Do what is offered for the selected problem, else for the first that anything is offered for."""
        fixes, selected = self._fixes, self.query_one("#problems", LineList).selected
        place = selected if self._pane == "problems" and selected in fixes else min(fixes, default=None)
        if place is None:
            self.say("nothing is offered" if self._problems else "nothing is wrong")
        else:
            self._go_to_problem(place)
            self.draft.replace(fixes[place].text)
            self.edited()

    # -- looking --------------------------------------------------------------------------------------------------

    def action_text(self) -> None:
        """Show the text in the form's place, at the selected setting; or the form again."""
        self._as_text = not self._as_text
        self._to_form()
        source, row = self.draft.reading.source, self.row
        place = source.place(row.path) if self._as_text and source is not None and row is not None else None
        if place is not None and place.line is not None and place.file == str(self.draft.file):
            line = place.line - 1
            self.call_after_refresh(lambda: self.query_one("#text", LineList).select(line))

    def action_diff(self) -> None:
        """Compare with the other of saved file and the run that this began as."""
        self._against_began = not self._against_began
        if self._pane != "side" and self.size.width < SIDE_FROM:
            self._pane = "side"
        self._arrange()
        if self._began_as is None:
            self.say("this recipe did not begin as another: it is compared with its file")

    def action_views(self) -> None:
        """Show real images before and after the views."""
        recipe = self.draft.reading.recipe
        if recipe is None:
            self.say("views are shown once nothing is wrong")
        else:
            self.app.push_screen(BeforeAfter(recipe))

    # -- files, running, leaving ------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Write the recipe to its file."""
        self._saving.save(lambda: self.tell(f"saved {self.draft.file}"))

    def action_save_as(self) -> None:
        """Write the recipe to another file."""
        self._saving.save_as(lambda: self.tell(f"saved {self.draft.file}"))

    def action_run(self) -> None:
        """Save, look at everything once more, train one batch, start the runs."""
        self._starting.run()

    def action_leave(self) -> None:
        """Close the editor; else leave."""
        if self._form.is_editing:
            self._form.close()
            self.say("")
        else:
            self.action_back()

    def action_back(self) -> None:
        """From a pane to the form, from the text to the form, from the builder to where the person was."""
        if self._pane != "rows":
            self._to_form()
        elif self._as_text:
            self.action_text()
        else:
            self._saving.leave(self._go)

    def _go(self) -> None:
        self._left = True
        self.app.pop_screen()
