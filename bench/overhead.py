"""What a job costs outside the model: schema, cached voice, joins, encoding, upload, URL.

A worker in this process on an S3 server in another one over loopback HTTP, the tests' strict one
(it verifies every signature, so its own time is on the bill). `total_s - inference_s` of jobs that
make about 1 s of audio, medians; the model is the smallest that runs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from statistics import median
from typing import Any

from bench.reference import ROOT

_SERVER = """
import json, sys
from standins.local_worker import wav
from standins.s3server.server import S3Server
server = S3Server().start()
bucket = server.make_bucket()
server.put_raw(bucket, "voices/Dorota.wav", wav())
server.put_raw(bucket, "voices/Dorota.txt", b"This is what Dorota says.")
print(json.dumps({**server.env, "S3_BUCKET": bucket}), flush=True)
sys.stdin.read()
"""


def run(jobs: int = 40) -> dict[str, float]:
    """Medians in milliseconds, and the audio's length in seconds."""
    import json

    from standins.local_worker import Worker

    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as directory:
        environ = {
            **json.loads(server.stdout.readline()),
            "F5_MODELS_DIR": directory,
            "LOCAL_STORAGE_DIR": directory,
        }
        worker = Worker(environ)
        try:
            for i in range(5):
                worker.speak(f"warm-{i}", voice="Dorota", text="Hello, you.")
            outputs = [
                worker.speak(f"job-{i}", voice="Dorota", text="Hello, you.") for i in range(jobs)
            ]
        finally:
            worker.close()
            server.kill()
    return _summary(outputs)


def _summary(outputs: list[dict[str, Any]]) -> dict[str, float]:
    metrics = [output["metrics"] for output in outputs]

    def milliseconds(values: list[float]) -> float:
        return round(median(values) * 1000, 2)

    return {
        "overhead_ms": milliseconds([m["total_s"] - m["inference_s"] for m in metrics]),
        "of_which_voice_ms": milliseconds([m["download_s"] for m in metrics]),
        "of_which_upload_ms": milliseconds([m["upload_s"] for m in metrics]),
        "audio_s": round(median([m["audio_s"] for m in metrics]), 3),
    }
