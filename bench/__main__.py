"""`make bench`: the figures of the README, measured on this machine, in one run.

Results also go to bench/results/DATE-cpu.json; DATE-cpu-bf16.json where the CPU multiplies in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from bench import imports, joining, loading, oracle, overhead, scaling, speed, streaming
from standins.measured import RESULTS, kept, machine

PARTS: dict[str, tuple[str, Callable[[], object]]] = {
    "imports": ("import everything the handler needs, beside f5-tts's own API", imports.run),
    "overhead": ("a job outside the model: S3 over loopback, cached voice", overhead.run),
    "speed": ("published size on this CPU, against f5-tts's infer_process", speed.run),
    "loading": ("published size, process start to ready, against F5TTS(...)", loading.run),
    "scaling": ("1, 10 and 100 chunks: time and peak memory", scaling.run),
    "joining": ("latency by when chunks are admitted and how long a pass is", joining.run),
    "streaming": ("time to a stream's first audio, its first chunk a clause or not", streaming.run),
    "oracle": ("largest relative mel error against f5_tts CFM.sample, fp32", oracle.run),
}


def main() -> None:
    """Runs every part, or those named on the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("part", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    wanted = parser.parse_args().part or list(PARTS)
    if unknown := [name for name in wanted if name not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}")
    here = machine()
    found: dict[str, object] = {"date": datetime.now(UTC).date().isoformat(), "machine": here}
    for name in wanted:
        title, run = PARTS[name]
        sys.stdout.write(f"{name}: {title}\n")
        found[name] = run()
        sys.stdout.write(f"  {json.dumps(found[name])}\n")
    _keep(found, here)
    sys.stdout.write(json.dumps(found) + "\n")


def _keep(found: dict[str, object], here: dict[str, object]) -> None:
    """Writes the parts measured now into the day's file of this machine, beside the others."""
    RESULTS.mkdir(exist_ok=True)
    kind = "cpu-bf16" if here["bf16"] else "cpu"
    path = RESULTS / f"{found['date']}-{kind}.json"
    path.write_text(json.dumps(kept(path, here) | found, indent=2) + "\n")


if __name__ == "__main__":
    main()
