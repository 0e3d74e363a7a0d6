"""Where events go: a run's own log, or that log and the log of the run that waits for it."""

from typing import Protocol

import msgspec

from kdconsole.runs.events import AnyEvent, Epoch, Evaluation, Notice, Phase, Step

TEACHER_PHASE = "teacher"
DATA_NOTICE = "data"


class Sink(Protocol):
    """Accepts events."""

    def append(self, event: AnyEvent) -> AnyEvent: ...


class TeacherSink:
    """A teacher's training tells its own log everything, and the student's log its progress as the phase `teacher`."""

    def __init__(self, own: Sink, students: Sink) -> None:
        self._own = own
        self._students = students

    def append(self, event: AnyEvent) -> AnyEvent:
        stamped = self._own.append(event)
        if isinstance(stamped, Step | Epoch):
            self._students.append(msgspec.structs.replace(stamped, phase=TEACHER_PHASE))
        elif isinstance(stamped, Phase):
            self._students.append(msgspec.structs.replace(stamped, phase=TEACHER_PHASE, index=0, total=2))
        elif isinstance(stamped, Evaluation):
            self._students.append(msgspec.structs.replace(stamped, phase=TEACHER_PHASE, subject="teacher"))
        elif isinstance(stamped, Notice) and stamped.code != DATA_NOTICE:  # the student's run reads the same files
            self._students.append(stamped)
        return stamped
