"""Hostile, damaged and mistaken files: refused with a reason, and no program in them runs."""

import argparse
import os
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from kdconsole.errors import UserError
from kdconsole.models.foreign import read_foreign
from tests.models.helpers import lively


class Payload:
    """Pickles to a call that leaves a trace in the file system when it runs."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.trace),)


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_foreign(path)
    assert caught.value.hint
    assert path.name in caught.value.message
    assert "weights_only" not in str(caught.value), "torch's advice to switch the protection off is not passed on"
    assert "add_safe_globals" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("inside", ["alone", "beside", "in the state_dict", "in a namespace"])
def test_a_payload_is_refused_and_does_not_run(tmp_path: Path, inside: str, legacy: bool) -> None:
    trace = tmp_path / "trace"
    payload = Payload(trace)
    state = lively("resnet8").state_dict()
    contents: dict[str, object] = {
        "alone": payload,
        "beside": {"model": state, "epoch": payload},
        "in the state_dict": {"model": state | {"bonus": payload}},
        "in a namespace": {"model": state, "opt": argparse.Namespace(lr=payload)},
    }
    path = tmp_path / "teacher.pth"
    torch.save(contents[inside], path, _use_new_zipfile_serialization=not legacy)
    message = refusal(path)
    assert "mkdir" in message and "it was not run" in message
    assert not trace.exists()
    pickle.loads(pickle.dumps(payload))
    assert trace.exists(), "the payload of this test does work"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_plain_pickle_with_a_payload_does_not_run(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "teacher.pkl"
    path.write_bytes(pickle.dumps({"model": Payload(tmp_path / "trace")}, protocol))
    refusal(path)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_a_namespace_is_dropped_unread(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "resnet8_last.pth"
    options = argparse.Namespace(lr=0.05, steps=[150, 180], trial="1", nested=argparse.Namespace(x=1))
    torch.save({"opt": options, "model": {"a": torch.ones(2)}}, path, _use_new_zipfile_serialization=not legacy)
    content = read_foreign(path)
    assert isinstance(content, dict)
    assert not isinstance(content["opt"], argparse.Namespace)
    assert not hasattr(content["opt"], "lr") and not hasattr(content["opt"], "__dict__")
    assert torch.equal(content["model"]["a"], torch.ones(2))
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)  # the exception is made for that one read only


def test_a_whole_pickled_network_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(nn.Sequential(nn.Linear(2, 2)), path)
    message = refusal(path)
    assert "torch.nn.modules.container.Sequential" in message
    assert "torch.save(model.state_dict()" in message


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    assert "TorchScript" in refusal(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_cut_off_and_damaged_checkpoints_are_refused(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "teacher.pth"
    torch.save({"model": lively("resnet8").state_dict()}, path, _use_new_zipfile_serialization=not legacy)
    whole = path.read_bytes()
    for kept in (4, 10, 100, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        assert "damaged" in refusal(path)


@pytest.mark.parametrize("content", [b"<!doctype html>", b"\x1f\x8b\x08", b"{}", b"\x00" * 40, b"hello, world"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "teacher.pth"
    path.write_bytes(content)
    assert "neither a safetensors file nor a PyTorch checkpoint" in refusal(path)


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "teacher.pth"
    assert "does not exist" in refusal(path)
    path.touch()
    assert "is empty" in refusal(path)


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "teacher\x1b[2J.pth"
    with pytest.raises(UserError) as caught:
        read_foreign(path)
    assert "\x1b" not in str(caught.value)
