"""Whole runs on real images, real pretrained checkpoints, and the identities that tie the methods together."""

import json
from pathlib import Path

import pytest

from kdconsole.models.weights import WeightsInfo, save_weights
from kdconsole.models.zoo import build
from kdconsole.runs.events import Evaluation, Failed
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.result import read_result
from tests.backends import TINY, Backend, events_of, kdconsole


@pytest.mark.parametrize(("file", "accuracy"), [("resnet20-12fca82f.th", 91.73), ("resnet56-4bfd9763.th", 93.39)])
def test_real_cifar10_checkpoints_give_their_published_accuracy(
    pretrained: Path, real_data: Path, tmp_path: Path, file: str, accuracy: float
) -> None:
    imported = kdconsole(
        "import", str(pretrained / file), "--data", "cifar10", "--normalize", "imagenet", root=tmp_path
    )
    assert imported.returncode == 0, imported.stderr
    measured = kdconsole("eval", imported.stdout.strip(), "--data-root", str(real_data), "--json", root=tmp_path)
    assert measured.returncode == 0, measured.stderr
    assert round(json.loads(measured.stdout)["top1"], 2) == accuracy


CIFAR100 = """
name = "cifar100"
[data]
dataset = "cifar100"
root = "{root}"
download = false
fraction = 0.02
validation = 0.1
[teacher]
arch = "wrn_10_1"
weights = "{weights}"
[student]
arch = "resnet8"
[train]
epochs = 1
log_every = 4
"""


def test_icda_trains_on_real_cifar100(real_data: Path, backend: Backend, tmp_path: Path) -> None:
    weights = tmp_path / "teacher.safetensors"
    save_weights(weights, build("wrn_10_1", classes=100), WeightsInfo(arch="wrn_10_1", classes=100))
    text = 'method = "icda+kd"\n' + CIFAR100.format(root=real_data, weights=weights)
    folder = backend.create(text)
    assert backend.finish(folder) == 0
    result = read_result(folder.result)
    assert result is not None and result.selected_on == "validation"
    assert {(event.subject, event.split, event.images) for event in events_of(folder, Evaluation)} >= {
        ("student", "validation", 5_000), ("student", "test", 10_000), ("teacher", "test", 10_000),
    }  # fmt: skip


def test_absent_images_of_a_training_set_are_named(real_data: Path, backend: Backend) -> None:
    """CIFAR-10 is there in part: its test images can be used, its training images cannot."""
    folder = backend.create('method = "ce"\nstudent = "resnet8"\n[data]\ndataset = "cifar10"\ndownload = false\n'
                            f'root = "{real_data}"\n')  # fmt: skip
    assert backend.finish(folder) == 2
    assert "data_batch_2" in events_of(folder, Failed)[0].message


def _weights(folder: RunFolder) -> bytes:
    """The tensors of the student, without the metadata (they name the run)."""
    content = folder.student.read_bytes()
    return content[8 + int.from_bytes(content[:8], "little") :]


def test_icda_with_equal_views_and_shared_geometry_is_icd(backend: Backend) -> None:
    """Two views of the same kind, drawn once, are one view: the students agree bit for bit."""
    head, _, train = TINY.partition("[augment]")
    train = "[train]" + train.partition("[train]")[2]
    view = '[{ name = "crop", padding = 1 }]'
    one = backend.create(f"{head}[augment]\nstudent = {view}\n{train}", name="one")
    two = backend.create(
        f"{head}[augment]\nstudent = {view}\nteacher = {view}\nshare_geometry = true\n{train}", name="two"
    )
    assert backend.finish(one, two) == 0
    assert _weights(one) == _weights(two)


def test_icd_with_weight_nothing_trains_as_kd(backend: Backend) -> None:
    """A term with weight 0 changes no bit of the student."""
    kd = TINY.replace('[[method]]\nname = "icd"\n', "")
    nothing = TINY.replace('name = "icd"\n', 'name = "icd"\nweight = 0.0\n')
    one, two = backend.create(kd, name="kd"), backend.create(nothing, name="nothing")
    assert backend.finish(one, two) == 0
    assert _weights(one) == _weights(two)
