"""Every command on runs, files and recipes that try to drive the terminal."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kdconsole.cli.summary import print_summary
from kdconsole.cli.views import event_words
from kdconsole.models.header import replace_metadata
from kdconsole.models.weights import save_weights
from kdconsole.runs.events import decode
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.state import RunState
from tests.backends import Typed
from tests.hostile import EVIL, NAME, RECIPE, hostile_run, hostile_runs, is_harmless, told
from tests.models.helpers import info_of, lively
from tests.runs.logs import read_events

SEEN = "[red]x"


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`runs`, see `hostile_runs`; teachers, recipes and checkpoints of the same kind in it and beside it."""
    mould = tmp_path_factory.mktemp("hostile")
    runs, teachers = mould / "runs", mould / "runs" / "teachers"
    hostile_runs(runs)
    hostile_run(teachers / NAME, told(0))
    weights = mould / "weights"
    save_weights(weights, lively("resnet8"), info_of("resnet8"))
    evil = replace(
        info_of("resnet8"), arch=EVIL, dataset=EVIL, source=EVIL, accuracy={f"claimed/{EVIL}": 5.0}, extra={EVIL: EVIL}
    )
    replace_metadata(weights, evil.to_metadata())
    for path in (teachers / NAME / "student", teachers / NAME, runs / "plain" / "student"):
        shutil.copy(weights, path.with_name(f"{path.name}.safetensors"))
    (teachers / f"cut{NAME}.safetensors").write_bytes(weights.read_bytes()[:900])
    state = lively("resnet8").state_dict() | {EVIL: torch.zeros(3)}
    torch.save({"model": state, EVIL: EVIL, f"acc {EVIL}": 5.0}, mould / f"{NAME}.pth")
    for name in (NAME, "evil"):
        (mould / f"{name}.toml").write_text(RECIPE % 1, encoding="utf-8")
    return mould


@pytest.fixture
def root(mould: Path, tmp_path: Path) -> Path:
    """A copy of `mould`'s runs."""
    return Path(shutil.copytree(mould, tmp_path, dirs_exist_ok=True)) / "runs"


COMMANDS = [
    "ls", "ls --teachers", "ls --json", "ls --filter [red]", "ls --filter {evil}",
    "show plain", "show plain --json", "show {evil}", "show ../evil.toml", "show plain --augmentations",
    "watch plain", "watch plain --json", "watch failed", "watch stopped", "watch killed", "watch killed --json",
    "watch {evil}", "stop plain", "stop failed", "resume plain", "resume {evil}", "replay plain", "open {evil}",
    "compare", "compare --format md", "compare --format csv", "compare --format latex", "compare --json",
    "compare --runs", "compare --runs --format md", "compare --runs --format csv", "compare --runs --json",
    "compare --by run", "compare --by {evil}", "compare --baseline {evil}", "compare --split {evil}", "compare --show p",
    "compare --published", "compare --filter {evil}",
    "eval plain", "eval teachers/{name}.safetensors", "eval plain --json", "eval {evil}",
    "teachers", "teachers --json", "import {file}", "import {file} --arch resnet8 --data cifar10 --names",
    "import {file} --arch resnet8 --data cifar10 --json", "import {file} --arch {evil}", "import {file} --data {evil}",
    "export plain --format repdistiller", "export {evil} --format hf",
    "check ../evil.toml", "check ../evil.toml --json", "check {recipe}", "check {recipe} --json", "check {evil}",
    "run {recipe}", "run ../evil.toml --name {evil}", "run ../evil.toml --set {evil}=1", "build {evil}/x",
    "rm plain --yes", "rm {evil}", "trash", "trash --json", "trash --restore {evil}", "trash --empty",
    "bench {recipe}", "methods {evil}", "models {evil}", "augments {evil}", "datasets {evil}",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_lets_it_out(
    root: Path, tmp_path: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(root)
    words = {
        "{evil}": EVIL, "{evil}=1": f"{EVIL}=1", "{evil}/x": f"{EVIL}/x", "{file}": str(tmp_path / f"{NAME}.pth"),
        "{recipe}": str(tmp_path / f"{NAME}.toml"), "teachers/{name}.safetensors": f"teachers/{NAME}.safetensors",
    }  # fmt: skip
    code, out, err = typed(*(words.get(word, word) for word in command.split()), root=root)
    assert out or err
    assert is_harmless(out) and is_harmless(err)
    assert "Traceback" not in err and code != 1
    if "--json" in command.split() and out:
        for document in [out] if not command.startswith("watch") else out.splitlines():
            json.loads(document)


def test_no_event_lets_it_out_while_it_is_followed(root: Path) -> None:
    for event in read_events(RunFolder(root / "failed").events):
        assert is_harmless(event_words(event, RunState()))


def test_nor_does_the_summary_of_a_run(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(RunFolder(root / "plain"))
    out = capsys.readouterr().out
    assert SEEN in out and is_harmless(out)


def test_what_is_read_from_json_is_what_was_written(root: Path, typed: Typed) -> None:
    """Nothing is lost: escapes stand for the very characters."""
    _, out, _ = typed("watch", "plain", "--json", root=root)
    assert [decode(line.encode()) for line in out.splitlines()] == [
        decode(line) for line in RunFolder(root / "plain").events.read_bytes().splitlines()
    ]
