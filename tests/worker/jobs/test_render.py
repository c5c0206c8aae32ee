"""What is no speech never becomes a file."""

from __future__ import annotations

import numpy as np
import pytest

from errors import InferenceFailed
from worker.jobs.chunks import Segment, Spoken
from worker.jobs.render import Rendered, render
from worker.request.speech import SpeechInput

RATE = 24_000
SPEECH = np.sin(np.arange(RATE, dtype=np.float32))


def made(samples: np.ndarray, **fields: object) -> Rendered:
    segments = [Segment(0, "Hello.", "demo", 0.0, len(samples) / RATE)]
    request = SpeechInput.model_validate({"text": "Hello.", **fields})
    return render(Spoken(samples, RATE, segments), request)


def rendered(samples: np.ndarray) -> bytes:
    return made(samples).data


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_or_infinite_samples_are_never_written(bad: float) -> None:
    assert rendered(SPEECH)
    broken = SPEECH.copy()
    broken[7] = bad
    with pytest.raises(InferenceFailed, match="NaN or infinite samples"):
        rendered(broken)


@pytest.mark.parametrize("silence", [SPEECH[:0], SPEECH * 0, SPEECH * 1e-6])
def test_silence_is_never_written(silence: np.ndarray) -> None:
    with pytest.raises(InferenceFailed, match="no sound"):
        rendered(silence)


def test_what_a_file_cannot_hold_is_told() -> None:
    loud = SPEECH * np.float32(1.01)
    (said,) = made(loud).warnings
    assert f"{np.count_nonzero(abs(loud) > 1)} of {RATE} samples" in said
    assert "`loudness`" in said
    assert made(SPEECH).warnings == made(loud, output_format="wav_f32").warnings == []
    assert made(loud, loudness=-20).warnings == []
