"""A table in every format. All but `rich` are plain text, the same bytes on a terminal and in a pipe."""

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
    close = suggestion(form, FORMATS)
    hint = f"did you mean '{close}'?" if close else ""
    raise UserError(f"'{printable(form)}' is no format; there is {', '.join(FORMATS)}", hint=hint)
