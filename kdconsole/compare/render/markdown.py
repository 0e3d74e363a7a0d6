"""Tables as GitHub-flavoured Markdown."""

import re
from collections.abc import Sequence

from kdconsole.compare.collect import Row
from kdconsole.compare.render.text import caption, headers, number, remarks, texts
from kdconsole.compare.table import RUN_HEADERS, Table, run_lines


def render(table: Table, precision: int = 2) -> str:
    """The table, its caption above and its notes below; ends with a newline."""
    parts = [_escape(caption(table)), _grid(headers(table), texts(table, precision))]
    if remarks(table):
        parts.append("\n".join(f"- {_escape(remark)}" for remark in remarks(table)))
    return "\n\n".join(parts) + "\n"


def render_runs(rows: Sequence[Row], precision: int = 2, split: str | None = None) -> str:
    """One line a run; ends with a newline."""
    body = [
        [
            line.run, line.method, line.pair, line.dataset, line.augment, "–" if line.seed is None else str(line.seed),
            line.split, number(line.last, precision), number(line.best, precision), number(line.teacher, precision),
            line.epoch, line.status,
        ]
        for line in run_lines(rows, split)
    ]  # fmt: skip
    return _grid(RUN_HEADERS, body) + "\n"


def _grid(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    cells = [[_escape(cell) for cell in line] for line in (heads, *body)]
    widths = [max(3, *(len(line[i]) for line in cells)) for i in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _escape(text: str) -> str:
    # Underscores inside a word (wrn_40_2) and the stars of significance mean nothing to GitHub's Markdown.
    return re.sub(r"([\\|`<\[\]])", r"\\\1", text)
