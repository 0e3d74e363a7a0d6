"""How numbers of a table are written, the same in every format that people read."""

from kdconsole.compare.table import Cell, Line, Table

MINUS = "−"


def number(value: float | None, precision: int) -> str:
    """A value in per cent, "–" for none."""
    return "–" if value is None else f"{value:.{precision}f}"


def signed(value: float | None, precision: int) -> str:
    """A difference with its sign, "–" for none; what rounds to nothing has no sign."""
    if value is None:
        return "–"
    text = f"{abs(value):.{precision}f}"
    if not float(text):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def cell_text(cell: Cell | None, line: Line, precision: int) -> str:
    """`76.32 ±0.18 (5) +2.99 **`: mean, sample std, number of seeds, difference, significance. `⚠` for few seeds."""
    if cell is None:
        return "–"
    parts = [number(cell.mean, precision)]
    if cell.std is not None:
        parts.append(f"±{number(cell.std, precision)}")
    if not line.teacher or cell.n > 1:
        parts.append(f"({cell.n})")
    if cell.delta is not None and not line.baseline:
        parts.append(signed(cell.delta, precision))
    if cell.stars:
        parts.append(cell.stars)
    if cell.few and not line.teacher:
        parts.append("⚠")
    return " ".join(parts)


def label_text(line: Line) -> str:
    """The line's label, marked when it is the baseline."""
    return f"{line.label} (baseline)" if line.baseline else line.label


def caption(table: Table) -> str:
    """What the numbers are."""
    epoch = "last epoch" if table.metric == "last" else "best epoch"
    split = f" on {table.split}" if table.split else ""
    against = f", difference to {table.baseline}" if table.baseline else ""
    return f"top-1 %{split}, {epoch}: mean ±std (seeds){against}"


def has_average(table: Table) -> bool:
    """Whether a column with the average difference says more than the cells."""
    return len(table.columns) > 1 and bool(table.baseline)


def headers(table: Table) -> list[str]:
    """The heads of all columns."""
    return [table.by, *table.columns, *(["avg Δ"] if has_average(table) else [])]


def texts(table: Table, precision: int) -> list[list[str]]:
    """The whole body as texts, one list a line."""
    body = []
    for line in table.lines:
        cells = [label_text(line), *(cell_text(cell, line, precision) for cell in line.cells)]
        if has_average(table):
            cells.append("" if line.teacher else signed(line.average_delta, precision))
        body.append(cells)
    return body


def remarks(table: Table) -> list[str]:
    """Notes, then the runs that do not count."""
    left_out = [f"{item.run}: {item.reason}" for item in table.excluded]
    runs = "run" if len(left_out) == 1 else "runs"
    return [*table.notes, *([f"{len(left_out)} {runs} not counted: {'; '.join(left_out)}"] if left_out else [])]
