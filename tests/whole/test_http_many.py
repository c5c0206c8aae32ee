"""200 texts at once over HTTP: none lost, none mixed up, memory flat."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from standins.http_face import Face, ready_face
from standins.local_worker import FAST
from standins.waiting import PATIENCE_S

COUNT = 200


def megabytes(face: Face) -> float:
    status = Path(f"/proc/{face.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.slow
def test_two_hundred_texts_at_once(tiny_model: Path, tmp_path: Path) -> None:
    env = {"F5_MODEL": str(tiny_model), "HTTP_MAX_WAITING": str(COUNT)}
    with ready_face(env, tmp_path) as face:

        def speak(i: int) -> tuple[bytes, str]:
            # A length and a seed of its own: no other text has this sound.
            words = " ".join(["word"] * (3 + i % 17))
            body = {"input": f"Number {i}: {words}.", "voice": "demo", "seed": i, **FAST}
            pcm = {**body, "response_format": "pcm"}
            answer = face.ask("POST", "/v1/audio/speech", pcm, patience_s=10 * PATIENCE_S)
            assert answer.status == 200, answer.body
            return answer.body, answer.headers["x-job-id"]

        alone = {i: speak(i)[0] for i in range(0, COUNT, 20)}
        before = megabytes(face)
        rounds = []
        for _ in range(2):
            started = time.monotonic()
            with ThreadPoolExecutor(COUNT) as pool:
                answers = list(pool.map(speak, range(COUNT)))
            rounds.append((time.monotonic() - started, megabytes(face)))
            assert len({job for _, job in answers}) == COUNT
            assert all(answers[i][0] for i in range(COUNT))
            for i, sound in alone.items():
                together = np.frombuffer(answers[i][0], "<i2").astype(int)
                heard = np.frombuffer(sound, "<i2").astype(int)
                assert len(together) == len(heard)
                assert np.abs(together - heard).max() <= 2, f"text {i} has another's sound"
        print(f"memory before {before:.0f} MiB; rounds (s, MiB): {rounds}")
        assert rounds[1][1] < rounds[0][1] + 60, "memory grows"
        assert face.metric("texts_total") == 2 * COUNT + len(alone)
        assert face.metric("running") == face.metric("waiting") == 0
