"""What a benchmark found, as plain numbers."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Report:
    """Times in milliseconds, ratios without unit, memory in MiB. Ratios are medians of interleaved rounds in one process."""

    recipe: str
    device: str
    precision: str
    batch_size: int
    rounds: int
    images: str  # which images: the recipe's own, or made-up ones of the same shape
    step_ms: float
    images_per_second: float
    parts_ms: dict[str, float]
    bare_ms: float
    to_bare: float  # whole step / bare step of the same precision and layout
    to_plain: float  # whole step / bare step in fp32 with channels first
    plain_ms: float
    reference_ms: float
    speedup_over_reference: float
    evaluation_images_per_second: float
    logging_share: float  # of a step's time, per cent: metrics, their copy, the event and its line on disk
    peak_memory_mib: float
    objective_share: float  # of the sum of the parts, per cent
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[str]:
        """The report as people read it."""
        total = sum(ms for part, ms in self.parts_ms.items() if not part.startswith(" "))
        rows = [
            f"{self.recipe}: {self.device}, {self.precision}, batch {self.batch_size}, {self.images}",
            "",
            _timed("whole step", self.step_ms, f"{self.images_per_second:,.0f} images/s"),
            _timed("bare step", self.bare_ms, f"the whole step is {self.to_bare:.3f} × it"),
            _timed("bare, plain", self.plain_ms, f"fp32, channels first; the whole step is {self.to_plain:.3f} × it"),
            _timed(
                "DataLoader + PIL", self.reference_ms, f"the whole step is {self.speedup_over_reference:.2f} × as fast"
            ),
            "",
            "parts, each waited for:",
            *(
                f"  {part:20} {ms:9.3f} ms {100 * ms / total:6.1f} %" if total else part
                for part, ms in self.parts_ms.items()
            ),
            "",
            f"objective  {self.objective_share:.1f} % of the parts",
            f"logging    {self.logging_share:.3f} % of a step",
            f"evaluation {self.evaluation_images_per_second:,.0f} images/s",
            f"memory     {self.peak_memory_mib:,.0f} MiB at the highest",
        ]
        return rows + [f"note: {note}" for note in self.notes]


def _timed(what: str, milliseconds: float, remark: str) -> str:
    return f"{what:22} {milliseconds:9.2f} ms   {remark}"
