"""Child processes that cannot outlive their parent.

``python -m station.child MODULE ARGUMENTS...`` runs a module and ends as soon as its standard input
closes, which happens when the parent ends, however it ends. Signals from the terminal reach the
parent alone, which then stops its children in order.
"""

import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from station.errors import StationError

_STOP_S = 8.0  # s a child is given to end by itself
_KILLED_S = 5.0  # s a killed child is given to be gone


class ChildProcess:
    """A Python module run as a process of its own; use it as a context manager.

    Its output goes to ``log``. Leaving the context asks it to end, and insists after some seconds.
    """

    def __init__(
        self, arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._arguments = list(arguments)
        self._log = log
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "station.child", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self._environment,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait until ``ready()``; raises StationError if the process ends or time runs out."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running:
                raise StationError(f"{what} did not start: {self._last_line()}; see {self._log}")
            if time.monotonic() > deadline:
                raise StationError(f"{what} is not ready after {timeout_s:.0f} s; see {self._log}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End the process at once, as a crash would: for tests of what follows."""
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def stop(self) -> None:
        """Ask the process to end, insist after a while; may be called twice.

        Raises StationError, some seconds later, where the kernel does not let go of it even so.
        """
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            try:
                process.wait(_KILLED_S)
            except subprocess.TimeoutExpired:
                raise StationError(
                    f"process {process.pid} ({self._arguments[0]}) was killed and is still there "
                    f"after {_KILLED_S:.0f} s: it hangs in the kernel; look at its devices"
                ) from None
        self._process = None

    def _last_line(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        told = [line.strip() for line in lines if line.strip()]
        return told[-1] if told else "it said nothing"


def choose_port(wanted: int) -> int:
    """Return ``wanted``, or a free port for 0; raises StationError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except PermissionError as error:
            raise StationError(f"port {wanted} needs root; choose one from 1024 on") from error
        except OSError as error:
            raise StationError(
                f"port {wanted} is taken by another program; choose another with --port, "
                "or 0 for a free one"
            ) from error
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
