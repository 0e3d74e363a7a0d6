"""A run's state as its log has it by now: from the cache beside it, and from the lines that have come since."""

from kdconsole.runs.cache import Cache
from kdconsole.runs.events import AnyEvent, Finished
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.log import EventTail
from kdconsole.runs.state import RunState

SLICE = 1 << 22  # bytes of a log that are in memory at a time


class StateReader:
    """Follows the log of one run. `state` is what `take` has made of it so far.

    Reading and taking are two steps, so that who shares `state` with another thread need not lock it while a disk is slow.
    """

    def __init__(self, folder: RunFolder, *, curves: bool = True, every_event: bool = False) -> None:
        """With `curves=False` values of single steps are neither decoded nor kept: enough for a listing. With `every_event`
        all of the log is read and nothing is passed over, for one who shows events.
        """
        self.state = RunState(curves=curves)
        self.generation = 0  # changes whenever points that were there before may have changed
        self._curves = curves
        self._tail = EventTail(folder.events, steps=curves or every_event)
        self._cache = Cache(folder.curves_cache if curves else folder.facts_cache, folder.events, RunState)
        self._asks_cache = not every_event  # before it reads for the first time
        self._restored: RunState | None = None

    @property
    def restarted(self) -> bool:
        """Whether the latest `read` found another log than before: what was known of the old one is to be forgotten."""
        return self._tail.restarted

    @property
    def has_more(self) -> bool:
        """Whether the latest `read` stopped at its limit."""
        return self._tail.has_more

    def read(self, limit: int | None = None) -> list[AnyEvent]:
        """New events, from about `limit` bytes. They are to be taken before the next call.

        Raises OSError when the log exists and cannot be read.
        """
        if self._asks_cache:
            self._asks_cache = False
            self._restored = self._cache.restore(self._tail)
        return self._tail.read(limit)

    @property
    def has_restored(self) -> bool:
        """Whether the latest `read` found a cached state, which waits to be taken."""
        return self._restored is not None

    def forget(self) -> None:
        """Begin with an empty state: the log is another one."""
        self.state, self._restored = RunState(curves=self._curves), None
        self.generation += 1

    def take(self, events: list[AnyEvent]) -> None:
        """Reduce what `read` has returned."""
        if self._restored is not None:
            self.state, self._restored = self._restored, None
            self.generation += 1
        starts = self.state.starts
        self.state.extend(events)
        self.state.skipped = self._tail.skipped
        self.generation += self.state.starts != starts

    def keep(self) -> None:
        """Write the cache anew if much has come since. Everything that was read must have been taken."""
        self._cache.keep(self.state, self._tail)

    def update(self, limit: int | None = None) -> RunState:
        """The state with all that the log holds, or with about `limit` more bytes of it.

        Raises OSError when the log exists and cannot be read.
        """
        while True:
            events = self.read(limit or SLICE)
            if self.restarted:
                self.forget()
            self.take(events)
            if not self.has_more:
                self.keep()
            if limit is not None or not self.has_more:
                return self.state


def load_state(folder: RunFolder, *, curves: bool = True) -> RunState:
    """The state of the run in `folder` from its whole log; a fresh state when there is none.

    Raises OSError when the log exists and cannot be read.
    """
    return StateReader(folder, curves=curves).update()


def is_finished(folder: RunFolder) -> bool:
    """Whether the log's last word is `finished`. A result.json alone may have been written just before a kill."""
    return isinstance(load_state(folder, curves=False).outcome, Finished)
