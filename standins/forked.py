"""Programs of this repository as processes of their own, without the cost of their imports.

`python handler.py` takes four seconds of a core for one short job; nearly all of them import
PyTorch, the SDK's libraries and this repository. Here one process imports them, and each program is
a fork of it, which needs half a second: an interpreter of its own that runs the same file as
`__main__`, with arguments, environment, folder and files of its own. The fork has no thread and no
trace of what was done before, and not the SDK itself, which reads the environment where it is
imported.

    process = start(["handler.py"], env=environment({...}), stdout=log)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0

What an interpreter does before its first line is shown by the tests of the command line, which
start `python handler.py` itself.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

ROOT = Path(__file__).parent.parent
_ORDER_BYTES = 200_000  # one message of a socket holds no more
_NUMBER_BYTES = 20  # of a process, with blanks before it
# What programs import at their start or for their first job.
_LIBRARIES = (
    "worker.app", "worker.jobs.runner", "worker.jobs.speech_job", "worker.http.serve",
    "worker.command.main", "engine.boot", "engine.synthesizer", "engine.batcher",
    "engine.vocoder.load", "engine.weights.checkpoint", "storage.s3.client", "safetensors.torch",
    "torch", "numpy", "scipy.signal", "soundfile", "av", "yaml", "boto3", "rjieba",
)  # fmt: skip


class Process(Protocol):
    """What tests ask of a program, also of a `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Forked:
    """A program that was started so; what `Process` promises."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told  # says how the process ended

    def poll(self) -> int | None:
        """The exit code, minus the signal's number where one ended it; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            said = os.read(self._told, 100)
            os.close(self._told)
            self.returncode = int(said) if said else -signal.SIGKILL
        return self.returncode


def start(
    arguments: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: Path = ROOT,
    stdin: IO[Any] | None = None,
    stdout: IO[Any] | None = None,
    stderr: IO[Any] | None = None,
    new_session: bool = False,
) -> Forked:
    """Starts `python ARGUMENTS`: a file of this repository, or `-m` and a module's name.

    Without `stderr` errors go where `stdout` goes; without that both are lost.
    """
    order = {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd), "apart": new_session}
    told, telling = os.pipe()
    with open(os.devnull, "r+b") as nothing:
        out = stdout or nothing
        files = [(file or nothing).fileno() for file in (stdin, out, stderr or out)]
        message = json.dumps(order).encode()
        assert len(message) < _ORDER_BYTES
        socket.send_fds(_forker(), [message], [*files, telling])
    os.close(telling)
    number = os.read(told, _NUMBER_BYTES)
    assert number, "the process that is forked has ended; its errors stand above"
    return Forked(int(number), told)


def start_genuine(
    arguments: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: Path = ROOT,
    stdout: IO[Any] | None = None,
    new_session: bool = False,
) -> subprocess.Popen[bytes]:
    """The same from the interpreter's first line."""
    program = arguments if arguments[0] == "-m" else [str(ROOT / arguments[0]), *arguments[1:]]
    out = stdout or subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-u", *program],
        cwd=cwd, env=env, stdout=out, stderr=out, start_new_session=new_session,
    )  # fmt: skip


def run(
    arguments: Sequence[str], env: Mapping[str, str], *, cwd: Path = ROOT, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs it to its end with `text` as its input; what it wrote and its exit code."""
    from standins.waiting import PATIENCE_S

    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as errors,
    ):
        given.write(text)
        given.seek(0)
        process = start(arguments, env, cwd=cwd, stdin=given, stdout=out, stderr=errors)
        try:
            code = process.wait(PATIENCE_S)
        finally:
            process.kill()
        for file in (out, errors):
            file.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, out.read(), errors.read())


@functools.cache
def _forker() -> socket.socket:
    """The process with the libraries, started when it is first needed; ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-u", "-m", "standins.forked", str(theirs.fileno())]
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _import_libraries() -> None:
    from worker.platform.start import import_runpod

    for name in _LIBRARIES:
        importlib.import_module(name)
    before = set(sys.modules)
    import_runpod()
    # Its own modules have read the environment, and so may those of ours that hold them.
    for name in [*sys.modules]:
        if name not in before and name.split(".")[0] in ("runpod", "worker"):
            del sys.modules[name]


def _serve(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Forks a program for each order; returns in the program. Ends with the other side."""
    while True:
        _reap()
        message, files, _, _ = socket.recv_fds(control, _ORDER_BYTES, 4)
        if not message:
            os._exit(0)
        if not os.fork():
            control.close()
            _watched(files.pop())
            return json.loads(message), files
        for file in files:
            os.close(file)


def _watched(telling: int) -> None:
    """Forks, and returns in the child; the parent tells its id and how it ends."""
    alone = len(os.listdir("/proc/self/task")) == 1
    pid = os.fork() if alone else 0
    if not alone:
        raise RuntimeError("a library began a thread: it would not be there in the fork")
    if not pid:
        os.close(telling)
        return
    os.write(telling, str(pid).rjust(_NUMBER_BYTES).encode())
    os.closerange(0, telling)
    os.closerange(telling + 1, 1000)
    _, status = os.waitpid(pid, 0)
    os.write(telling, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(order: Mapping[str, Any], files: Sequence[int]) -> None:
    """Files, folder, environment and arguments of the order."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    if order["apart"]:
        os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv[:] = order["arguments"]
    sys.path[1:1] = filter(None, order["env"].get("PYTHONPATH", "").split(os.pathsep))


def _main() -> None:
    """Serves; in a program, runs it."""
    _import_libraries()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        order, files = _serve(control)
    _become(order, files)
    if sys.argv[0] == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        program = (ROOT / sys.argv[0]).resolve()
        sys.argv[0], sys.path[0] = str(program), str(program.parent)
        runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    _main()
