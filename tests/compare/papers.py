"""Rows as a paper would have them."""

from kdconsole.compare.collect import Row
from kdconsole.runs.status import RunStatus, Status

PAIRS = {("wrn_40_2", "wrn_16_2"): 75.61, ("resnet32x4", "resnet8x4"): 79.42}


def row(method: str, top1: float, seed: int = 0, **changes: object) -> Row:
    """A complete run; `best` is 0.2 above `last`, which is `top1`."""
    plain: dict[str, object] = {
        "run": f"{method}_s{seed}", "method": method, "teacher": "wrn_40_2", "student": "wrn_16_2",
        "dataset": "cifar100", "augment": "crop+flip", "seed": seed, "recipe_hash": f"{method}-hash",
        "last": {"test": top1}, "best": {"test": top1 + 0.2}, "teacher_scores": {"test": 75.61},
        "selected_on": "test", "status": RunStatus(Status.DONE), "epoch": 240, "epochs": 240, "started": 1000.0,
    }  # fmt: skip
    return Row(**(plain | changes))  # type: ignore[arg-type]


def paper() -> list[Row]:
    """Three methods on two pairs; students alone; one run killed, one diverged, one repeated."""
    scores = {
        ("kd", "wrn_40_2"): [74.92, 75.10, 74.60],
        ("crd", "wrn_40_2"): [75.48, 75.60, 75.41],
        ("kd", "resnet32x4"): [73.33, 73.60, 73.10],
        ("crd", "resnet32x4"): [75.51, 75.40],
    }
    rows = []
    for (method, teacher), values in scores.items():
        student, top1 = next((s, top1) for (t, s), top1 in PAIRS.items() if t == teacher)
        for seed, value in enumerate(values):
            rows.append(
                row(
                    method, value, seed, run=f"{method}_{student}_s{seed}", teacher=teacher, student=student,
                    teacher_scores={"test": top1}, recipe_hash=f"{method}-{student}",
                )
            )  # fmt: skip
    for student, values in {"wrn_16_2": [73.26, 73.44, 73.08], "resnet8x4": [72.50, 72.71, 72.29]}.items():
        for seed, value in enumerate(values):
            rows.append(
                row(
                    "ce", value, seed, run=f"ce_{student}_s{seed}", teacher="", student=student, teacher_scores={},
                    recipe_hash=f"ce-{student}",
                )
            )  # fmt: skip
    stale, failed = RunStatus(Status.STALE, "killed", 840.0), RunStatus(Status.FAILED, "nan", 60.0)
    rows.append(row("crd", 66.02, 3, run="crd_wrn_16_2_s3", status=stale, epoch=80, recipe_hash="crd-wrn_16_2"))
    rows.append(row("kd", 41.10, 4, run="kd_wrn_16_2_s4", status=failed, epoch=37, recipe_hash="kd-wrn_16_2"))
    rows.append(row("kd", 74.92, 0, run="kd_wrn_16_2_s0-2", recipe_hash="kd-wrn_16_2", started=900.0))
    rows.append(row("my|_&%$ [bold]x", 75.0, 0, run="odd_s0", recipe_hash="odd"))
    return rows
