"""A table in every format. All but `rich` are plain text, the same bytes on a terminal and in a pipe."""

from collections.abc import Sequence

from kdconsole.compare.collect import Row
from kdconsole.compare.table import Table
from kdconsole.errors import UserError
from kdconsole.text import printable, suggestion

TEXT_FORMATS = ("md", "csv", "json", "latex")
FORMATS = ("rich", *TEXT_FORMATS)


def to_text(table: Table, form: str, *, precision: int = 2, command: str = "") -> str:
    """`table` in one of TEXT_FORMATS. `command` is what the LaTeX comment says has made it. Raises UserError."""
    from kdconsole.compare.render import csv, json, latex, markdown

    match form:
        case "md":
            return markdown.render(table, precision)
        case "csv":
            return csv.render(table)
        case "json":
            return json.render(table)
        case "latex":
            return latex.render(table, precision, command)
    raise _unknown(form, FORMATS)


def runs_to_text(rows: Sequence[Row], form: str, *, precision: int = 2, split: str | None = None) -> str:
    """One line a run, in md, csv or json. Raises UserError."""
    from kdconsole.compare.render import csv, json, markdown

    match form:
        case "md":
            return markdown.render_runs(rows, precision, split)
        case "csv":
            return csv.render_runs(rows, split)
        case "json":
            return json.render_runs(rows, split)
    raise _unknown(form, ("rich", "md", "csv", "json"))


def _unknown(form: str, known: Sequence[str]) -> UserError:
    close = suggestion(form, known)
    hint = f"did you mean '{close}'?" if close else ""
    return UserError(f"'{printable(form)}' is no format here; there is {', '.join(known)}", hint=hint)
