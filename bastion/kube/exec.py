"""One exec stream as the relay sees it: output, input, resize, and an end that leaves nothing.

    open ──output──▶ open ──status──▶ ended (PodExited, or PodFailed if nothing could run)
      │                └──connection lost without a status──▶ ended (PodFailed 255, never 0)
      └──kill──▶ ending: the remote processes are ended by a second exec, then the stream is dropped

With a terminal, the end of input is ^D; on v5 without one it is a close frame. v4 has no such
frame: a command that then neither ends nor writes is ended after a grace, with a line that says
why, because it may wait for ever for an end that cannot be told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from bastion.kube import frames
from bastion.kube.frames import Exited, Failed, Output
from bastion.kube.wire import Wire
from bastion.model.events import PodExited, PodFailed, PodSent
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.request import Size

LAST_WORDS = 2.0
STOPPED = 0.7
IDLE_FACTOR = 60
LOST = Refusal(
    "pod-lost",
    "the connection to the pod broke before the command's exit status arrived",
    "the command may have run; check before running it again",
    EXIT_FAULT,
)
SILENT = Refusal(
    "pod-lost",
    "the cluster stopped answering while the command ran",
    "the command may have run; check before running it again",
    EXIT_FAULT,
)
NO_HALF_CLOSE = Refusal(
    "no-half-close",
    "the cluster speaks only v4 of the exec protocol, which cannot tell a command that its input ended",
    "pass the input as a here-document or a file, or use Kubernetes 1.30 or later",
    EXIT_FAULT,
)
KILLED = Refusal("killed", "the command was ended by the bastion", "", EXIT_FAULT)


class PodExec:
    """An open exec (`relay.ports.Exec`). Owns its wire and, once killed, the task that ends it.

    `survivors` is set by `kill`: how many processes of the unit are left, -1 if that is unknown.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        tty: bool,
        sweeper: Callable[[], Awaitable[int]],
        clock: Callable[[], float],
        kill_timeout: float,
        input_grace: float,
        ended: Callable[[PodExec], None] = lambda _self: None,
    ) -> None:
        self.survivors = 0
        self._wire = wire
        self._tty = tty
        self._sweeper = sweeper
        self._clock = clock
        self._kill_timeout = kill_timeout
        self._grace = input_grace
        self._ended = ended
        self._reading = asyncio.Lock()
        self._over = asyncio.Event()
        self._waiting: deque[PodSent] = deque()
        self._status: PodExited | PodFailed | None = None
        self._final: PodExited | PodFailed | None = None
        self._why: Refusal | None = None
        self._input_ended = False
        self._last_byte = b""
        self._deadline: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def protocol(self) -> str:
        """The subprotocol that the server chose."""
        return self._wire.protocol

    async def receive(self) -> PodSent | PodExited | PodFailed:
        """The next piece of output, or how the command ended. Not calling it pauses the pod."""
        while True:
            if self._waiting:
                return self._waiting.popleft()
            if self._over.is_set():
                return await self._last()
            async with self._reading:
                await self._take()

    async def send(self, data: bytes) -> None:
        """Send stdin; waits while the socket is full. After the end of input it does nothing."""
        if not data or self._input_ended or self._over.is_set():
            return
        self._last_byte = data[-1:]
        for piece in frames.pieces(data):
            await self._wire.send(frames.stdin(piece))

    async def end_input(self) -> None:
        """Tell the program that no more input comes, in the way that the stream allows."""
        if self._input_ended or self._over.is_set():
            return
        self._input_ended = True
        if self._tty:
            # A lone ^D behind an unfinished line only hands over that line.
            finished = self._last_byte in (b"", b"\n", b"\r", frames.END_OF_TRANSMISSION)
            await self._wire.send(frames.stdin(frames.END_OF_TRANSMISSION * (1 if finished else 2)))
        elif self._wire.protocol == frames.V5:
            await self._wire.send(frames.CLOSE_STDIN)
        else:
            self._start_grace()

    async def resize(self, size: Size) -> None:
        """Set the terminal's size; without a terminal nothing, since that jams a v5 stream."""
        if self._tty and not self._over.is_set():
            await self._wire.send(frames.resize(size))

    async def kill(self) -> None:
        """End the remote processes and drop the stream; output that still comes is dropped.

        After a status only the stream is dropped: the command has ended by itself. Bounded in
        time, idempotent, and not undone by the cancellation of its caller.
        """
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end())
        await asyncio.shield(self._ending)

    async def _take(self) -> None:
        """Read one message and note what it means. The caller holds `_reading`."""
        if self._over.is_set():
            return
        try:
            async with asyncio.timeout(None if self._status is None else LAST_WORDS):
                message = await self._wire.receive()
        except TimeoutError:
            message = None
        match message:
            case None:
                self._over.set()
            case Output(stream, data):
                now = self._clock()
                self._waiting.extend(PodSent(now, stream, piece) for piece in frames.pieces(data))
                if self._deadline is not None:
                    self._start_grace()
            case Exited(code):
                self._status = self._status or PodExited(self._clock(), code)
            case Failed(refusal):
                self._status = self._status or PodFailed(self._clock(), refusal)

    async def _last(self) -> PodExited | PodFailed:
        """How it ended. A stream lost without a status is swept, for the command may still run."""
        self._stop_grace()
        if self._final is None:
            killed = self._ending is not None
            if self._status is None and self._ending is None:
                self._ending = asyncio.get_running_loop().create_task(self._end())
            if self._why is not None and self._ending is not None:
                await asyncio.shield(self._ending)
            why = self._why or (SILENT if self._wire.silent else KILLED if killed else LOST)
            self._final = self._status or PodFailed(self._clock(), why)
            await self._wire.aclose()
            if self._ending is None:
                self._ended(self)
        return self._final

    def _start_grace(self) -> None:
        """(Re)start the time that a v4 command without a terminal may be silent after its input."""
        self._stop_grace()
        grace = self._grace * (1 if self._last_byte else IDLE_FACTOR)
        self._deadline = asyncio.get_running_loop().call_later(grace, self._give_up)

    def _stop_grace(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self._why = NO_HALF_CLOSE
        self._wire.abort()

    async def _end(self) -> None:
        self._stop_grace()
        try:
            async with asyncio.timeout(self._kill_timeout):
                if self._status is None:
                    await self._end_remote()
        except TimeoutError:
            self.survivors = -1
        finally:
            await self._wire.aclose()
            self._over.set()
            self._ended(self)

    async def _end_remote(self) -> None:
        """Sweep until the stream itself says that the command is over, twice at most.

        The second time is for a process that had not yet taken its mark when it was looked for.
        """
        for _ in range(2):
            self.survivors = await self._sweeper()
            if self.survivors < 0 or await self._stopped():
                break
        if self.survivors < 0 and self._tty:
            await self._wire.send(frames.stdin(frames.INTERRUPT + frames.END_OF_TRANSMISSION))
            await self._stopped()

    async def _stopped(self) -> bool:
        """Whether the stream ends, or gives a status, within a moment; reads on if nobody does."""
        try:
            async with asyncio.timeout(STOPPED):
                while self._status is None and not self._over.is_set():
                    async with self._reading:
                        await self._take()
                    self._waiting.clear()
        except TimeoutError:
            return False
        return True
