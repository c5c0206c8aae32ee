"""The demo checkpoint saying texts in the bundled voice, through the worker's own engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.boot import Engine, load_engine
from engine.chunk import Samples, SpeechParameters
from engine.config import EngineConfig
from engine.weights.locate import ModelRequest, locate
from worker.settings.groups import VoiceConfig
from worker.voices.located import sent_voice
from worker.voices.reference import PreparedVoice, prepare_voice

_VOICES = Path(__file__).parent.parent / "assets" / "voices"


class DemoSpeech:
    """A loaded demo checkpoint with its voice; `sample_rate` in Hz."""

    def __init__(self, engine: Engine, voice: PreparedVoice) -> None:
        self._synthesizer = engine.synthesizer
        self._voice = voice
        self.sample_rate = engine.synthesizer.sample_rate

    def say(self, texts: Sequence[str], nfe: int = 7) -> list[list[Samples]]:
        """The chunks of each text."""
        parameters = SpeechParameters(nfe_step=nfe, cfg_strength=1.0, seed=14)
        planned = [self._synthesizer.plan(self._voice, text, parameters) for text in texts]
        waiting = [[self._synthesizer.submit(chunk) for chunk in chunks] for chunks in planned]
        return [
            [
                self._synthesizer.restore_loudness(chunk, future.result().samples)
                for chunk, future in zip(chunks, futures, strict=True)
            ]
            for chunks, futures in zip(planned, waiting, strict=True)
        ]


@contextmanager
def demo_speech() -> Iterator[DemoSpeech]:
    """Loads the demo checkpoint on the CPU, and ends it."""
    data, words = (_VOICES / "demo.flac").read_bytes(), (_VOICES / "demo.txt").read_text("utf-8")
    voice = prepare_voice(sent_voice("demo.flac", "bundled", data), data, words, VoiceConfig())
    engine = load_engine(locate(ModelRequest()), EngineConfig(device="cpu"))
    try:
        yield DemoSpeech(engine, voice)
    finally:
        engine.close()
