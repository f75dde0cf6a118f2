"""A throw-away PostgreSQL server in a folder of its own: for tests, benchmarks and trying out."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final, Self

import asyncpg

from booth_queue.errors import BoothQueueError

_WAIT_S: Final = 30.0


class ClusterMissing(BoothQueueError):  # noqa: N818 - reads as what is the matter
    """PostgreSQL's server programs are not installed, or the server does not start."""


class PostgresCluster:
    """A server on a free port of 127.0.0.1, gone with everything in it at the end.

    Parameters
    ----------
    durable
        Sync commits to disk as a real server does; without it tests run faster.
    settings
        More server settings, as ``name=value``.

    Notes
    -----
    PostgreSQL refuses to run as root; then it runs as the user ``postgres``, or ``nobody``.
    """

    def __init__(self, *, durable: bool = True, settings: tuple[str, ...] = ()) -> None:
        self._programs = find_programs()
        self._settings = settings if durable else (*settings, "fsync=off")
        self._folder = Path(tempfile.mkdtemp(prefix="booth-postgres-"))
        self._user = _unprivileged()
        self._server: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://booth@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str) -> None:
        """Run statements outside a transaction, e.g. to create a database."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url())
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())

    def _start(self) -> None:
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-U", "booth", "--auth=trust", "-E", "UTF8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        options = ["-D", str(data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        for setting in ("max_connections=200", *self._settings):
            options += ["-c", setting]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(  # noqa: S603 - the system's programs
                [str(self._programs / "postgres"), *options],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _WAIT_S
        while time.monotonic() < deadline:
            try:
                self.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError):
                if self._server is None or self._server.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                return
        told = (self._folder / "log").read_text(errors="replace")[-500:]
        raise ClusterMissing(f"PostgreSQL did not start on port {self.port}: {told}")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - the system's programs
            [str(self._programs / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
        )
        if done.returncode != 0:
            raise ClusterMissing(f"{program} failed: {done.stderr[-500:]}")

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def find_programs() -> Path:
    """Return the folder of PostgreSQL's server programs, version 15 or newer.

    Raises
    ------
    ClusterMissing
        None is installed.
    """
    debian = Path("/usr/lib/postgresql")
    versions = [path for path in debian.glob("*/bin") if path.parent.name.isdigit()]
    versions = [path for path in versions if int(path.parent.name) >= 15]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    if on_path is None:
        raise ClusterMissing(
            "PostgreSQL's server programs are not installed; "
            "install the package postgresql (15 or newer)"
        )
    return Path(on_path).parent


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ClusterMissing("PostgreSQL will not run as root, and there is no other user to run it")
