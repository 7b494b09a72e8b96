"""The command line, run again and again against a stand-in for the Hub without paying for its imports each time.

`Forge` starts one process that imports everything with its Hub set to the stand-in, and forks a child for every
command. A child is a process as good as any: it can be killed, and has its own memory, limits and output.

As a program: reads a JSON line for each command from standard input, and answers with the child's pid, then its end.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

from standin import StandIn


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, minus the signal that killed it, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Forge:
    """Runs commands with the Hub that `hub` stands in for; `token` unless a command is given another."""

    def __init__(self, hub: StandIn, token: str) -> None:
        self.token = token
        self.folder = Path(tempfile.mkdtemp(prefix="forge-", dir=hub.folder))
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=hub.environment(**{"HF_DATASETS_OFFLINE": "0"}),
        )

    def __enter__(self) -> "Forge":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate()

    def start(self, *argv: str, token: str | None = None, most_bytes: int = 0) -> int:
        """Start a command and give its pid; `most_bytes` limits the size of the files that it may write."""
        return self._start({"argv": argv, "most_bytes": most_bytes}, token)

    def wait(self) -> Done:
        """Wait for the end of the command."""
        code = int(self._read()["code"])
        return Done(code, (self.folder / "out").read_text(), (self.folder / "err").read_text())

    def run(self, *argv: str, **more: Any) -> Done:
        """Run a command to its end."""
        self.start(*argv, **more)
        return self.wait()

    def call(self, function: str, *args: Any, token: str | None = None) -> Done:
        """Call a function of the module `reading`."""
        self._start({"function": function, "args": args}, token)
        return self.wait()

    def _start(self, order: dict[str, Any], token: str | None) -> int:
        self._write({"token": self.token if token is None else token, "folder": str(self.folder), **order})
        return int(self._read()["pid"])

    def _write(self, order: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


def main() -> None:
    """Import once, then fork for every order."""
    import datasets
    import huggingface_hub.utils._http as http

    import camera_motion.builder.hub.deliver
    import camera_motion.builder.hub.pages
    import camera_motion.builder.hub.repository as repository
    from camera_motion.builder import cli

    ours = (f"camera_motion.builder.{name}" for name in ("describe", "reader", "hub.publish", "hub.rehearse"))
    lazily = ("torch", "scipy.io", "webdataset", "datasets.packaged_modules.parquet.parquet")
    for name in (*ours, *lazily):  # or every child would import them again
        importlib.import_module(name)
    datasets.config.STREAMING_READ_RETRY_INTERVAL = 0
    repository.WAITS_S[:] = [0.0] * len(repository.WAITS_S)
    http.time = SimpleNamespace(**vars(time) | {"sleep": lambda seconds: None})  # type: ignore[assignment]
    camera_motion.builder.hub.deliver.COMMIT_FILES = 10  # so that a small set too is staged in several commits
    camera_motion.builder.hub.pages._code()  # once: the sources may change while tests run
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        if (pid := os.fork()) == 0:
            _obey(order, cli.main)
        answers.write(json.dumps({"pid": pid}) + "\n")
        answers.flush()
        answers.write(json.dumps({"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}) + "\n")
        answers.flush()


def _obey(order: dict[str, Any], command: Any) -> None:
    """Be the command, and end as it does."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(order["folder"]) / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background of a shell
    if order["token"]:
        os.environ["HF_TOKEN"] = order["token"]
    if order.get("most_bytes"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["most_bytes"],) * 2)
    code = 70
    try:
        if "function" in order:
            import reading

            getattr(reading, order["function"])(*order["args"])
            code = 0
        else:
            command(order["argv"])
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
