from pathlib import Path

import pytest

from kdconsole.errors import UserError
from kdconsole.runs.control import COMMANDS, ControlTail, clear, send
from kdconsole.runs.layout import RunFolder


def test_commands_arrive_once_and_in_order(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    tail = ControlTail(folder.control)
    assert tail.read() == []
    for command in COMMANDS:
        send(folder, command)
    assert tail.read() == list(COMMANDS)
    assert tail.read() == []
    clear(folder)
    clear(folder)
    send(folder, "stop")
    assert tail.read() == ["stop"]


def test_an_unknown_command_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'checkpoint'"):
        send(RunFolder(tmp_path), "chekpoint")
    assert list(tmp_path.iterdir()) == []


def test_what_others_write_is_handed_on_safely(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.control.write_bytes(b'{"command":"dance\\u001b"}\nstop\n\n{"command":5}\n[1]\n\xff\x1b[2J\n{"comm')
    tail = ControlTail(folder.control)
    assert tail.read() == ["dance\\x1b", "stop", '{"command":5}', "[1]", "�\\x1b[2J"]
    send(folder, "stop")  # the half line of a sender that died does not swallow it
    assert tail.read() == ['{"comm', "stop"]


def test_an_unwritable_run_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        send(RunFolder(tmp_path / "gone"), "stop")
