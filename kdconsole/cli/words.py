"""Numbers in words, the same everywhere on the command line."""

from kdconsole.runs.events import Evaluation


def duration(seconds: float | None) -> str:
    """12 s, 3:05 or 1:02:40."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def percent(value: float | None) -> str:
    """An accuracy to two digits, as papers print it."""
    return "–" if value is None else f"{value:.2f}"


def number(value: float | None) -> str:
    """A metric to four significant digits."""
    return "–" if value is None else f"{value:.4g}"


def score_words(evaluation: Evaluation) -> str:
    """An evaluation on one line."""
    top5 = f", top-5 {percent(evaluation.top5)}" if evaluation.top5 is not None else ""
    return (
        f"{evaluation.subject} {evaluation.split}: top-1 {percent(evaluation.top1)}{top5}, "
        f"loss {number(evaluation.loss)} (epoch {evaluation.epoch})"
    )
