"""Writes docs/errors.md: every error code, what it means, and whether to send the job again.

python -m tools.docs.errors           # rewrites docs/errors.md
python -m tools.docs.errors --check   # exits with 1 if it is out of date (a test does it)
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from errors import WorkerError

DOC = Path(__file__).parent.parent.parent / "docs" / "errors.md"
_HEAD = """\
# Error codes

Made from `errors.py` by `make config-doc`, do not edit.

A failed job's answer has `error`, one line that says what is wrong and what to do; `error_code`,
one of these; `retryable`, whether the same job may succeed if it is sent again; and `hint`, the
part of `error` that says what to do. Codes are stable: messages may get better, codes stay.

| `error_code` | what it means | send it again? |
|---|---|---|
"""


def kinds(base: type[WorkerError] = WorkerError) -> Iterator[type[WorkerError]]:
    """Every kind of error below `base` with a code of its own, each before those below it."""
    for kind in base.__subclasses__():
        if "code" in vars(kind):
            yield kind
        yield from kinds(kind)


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(
        f"| `{kind.code}` | {_meaning(kind)} | {_again(kind)} |\n" for kind in kinds()
    )


def _meaning(kind: type[WorkerError]) -> str:
    doc = inspect.cleandoc(kind.__doc__ or "")
    return " ".join(doc.split("\n\n")[0].split())


def _again(kind: type[WorkerError]) -> str:
    if not kind.retryable:
        return "no"
    return "yes, another worker takes it" if kind.replace_worker else "yes"


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the page, or checks it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if stale")
    if parser.parse_args(arguments).check:
        fresh = DOC.read_text("utf-8") == page()
        sys.exit(None if fresh else "docs/errors.md: run `make config-doc`")
    DOC.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
