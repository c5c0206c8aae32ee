"""A whole job against f5-tts's own two calls on the same file: `preprocess_ref_audio_text`, then
`infer_process`. Same weights, same noise: the same waveform within 1e-3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.chunk import SpeechParameters
from standins.checkpoints import make_checkpoint, make_vocos
from standins.comparison import their_wave
from standins.local_worker import Worker, tone
from standins.oracle import f5

TEXT = "The mill stands by the river. Nobody has worked in it for years, they say: who will buy it?"
# Short enough for 18 s that it can only mean the 12 s that are kept, so it is not cut.
REF_TEXT = "This is what the reference says in its first twelve seconds, spoken slowly"


def recording(rate: int, channels: int, level: float) -> np.ndarray:
    """18 s in phrases with pauses: longer than f5-tts's 12 s, so that it has to be cut."""
    hush = np.zeros(int(1.3 * rate), dtype=np.float32)
    phrases = [tone(s, rate, 110.0 + 20 * i) for i, s in enumerate((4.0, 5.5, 4.6))]
    wave = np.concatenate([p for phrase in phrases for p in (phrase, hush)])
    noise = np.random.default_rng(5).normal(0, 1e-4, len(wave))
    wave = ((wave + noise) * level).astype(np.float32)
    return np.stack([wave, wave * 0.7], axis=1) if channels == 2 else wave


F5_TTS = {"processing": "f5-tts"}
# Plain words pass the text's stages unchanged; lengths and joins are what is left of `full`.
FULL = {"processing": "full", "durations": False, "joins": False}


@pytest.mark.parametrize(
    ("rate", "channels", "level", "fields"),
    [
        (24000, 1, 1.0, FULL),
        (44100, 2, 0.3, F5_TTS),
        pytest.param(24000, 1, 1.0, F5_TTS, marks=pytest.mark.slow),
        pytest.param(16000, 1, 1.0, F5_TTS, marks=pytest.mark.slow),
    ],
    ids=["24 kHz, full", "44.1 kHz stereo, quiet", "24 kHz", "16 kHz"],
)
def test_a_job_gives_the_waveform_of_f5_tts(
    tmp_path: Path, rate: int, channels: int, level: float, fields: dict[str, object]
) -> None:
    checkpoint = make_checkpoint(tmp_path / "models" / "tiny")
    vocoder = make_vocos(tmp_path / "models" / "tiny" / "vocos")
    voice = tmp_path / "data" / "voices" / "Ref.wav"
    voice.parent.mkdir(parents=True)
    soundfile.write(voice, recording(rate, channels, level), rate, subtype="PCM_16")
    worker = Worker(
        {
            "F5_MODEL": str(tmp_path / "models" / "tiny"),
            "LOCAL_STORAGE_DIR": str(tmp_path / "data"),
            "F5_DEVICE": "cpu",
            "F5_DTYPE": "float32",  # a CPU with bf16 would run in it
        }
    )
    output = worker.speak(
        text=TEXT,
        voice="Ref",
        ref_text=REF_TEXT,
        nfe_step=5,
        cfg_strength=2.0,
        seed=11,
        output_format="wav_f32",
        **fields,
    )
    ours, _ = soundfile.read(output["audio_url"].removeprefix("file://"), dtype="float32")

    clip, ref_text = f5().infer.preprocess_ref_audio_text(
        str(voice), REF_TEXT, show_info=lambda *_: None
    )
    parameters = SpeechParameters(nfe_step=5, seed=11)
    prepared = worker.app.voices.prepare("Ref", REF_TEXT)
    assert prepared.ref_text == ref_text
    chunks = worker.app.engine.result().synthesizer.plan(prepared, TEXT.strip(), parameters)
    worker.close()
    expected = their_wave(
        checkpoint, vocoder, Path(clip), ref_text, TEXT.strip(), chunks, parameters
    )
    assert output["metrics"]["chunks"] == len(chunks) > 1
    assert len(ours) == len(expected)
    assert np.abs(expected).max() > 0.01
    assert np.abs(ours - expected).max() < 1e-3
