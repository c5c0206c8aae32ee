"""Whisper in CTranslate2's format, by `faster-whisper` (`requirements/listen-whisper.txt`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.chunk import Samples
from errors import ConfigError
from worker.audio.resample import resample
from worker.quality.recogniser import RATE, Heard

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

FILES = ("model.bin", "config.json", "tokenizer.json")
_OWN_RATE = 16_000
_MOST_TOKENS = 224  # of 30 s: looped speech else makes a small model write on and on
_INSTALL = (
    "Run pip install -r requirements/listen-whisper.txt, and set ASR_MODEL to the folder of a "
    "model in CTranslate2's format, as Systran/faster-whisper-small."
)


class FasterWhisper:
    """A Whisper model from a folder; nothing is downloaded. `languages`: English alone for a model
    whose name ends in `.en`, empty (any) for the others, which also find the language out."""

    name = "faster-whisper"
    has_times = True

    def __init__(self, model: Path | None) -> None:
        """Loads the model, on the CPU in 8 bits: the GPU is the speaker's.

        Args:
            model: its folder, with `model.bin`, `config.json` and `tokenizer.json`.

        Raises:
            ConfigError: the package or a file is missing, or the model cannot be loaded.
        """
        try:
            from faster_whisper import WhisperModel
        except ImportError as exc:
            raise ConfigError(f"No recogniser faster-whisper ({exc}).", _INSTALL) from exc
        missing = model_fault(model)
        if model is None or missing:
            raise ConfigError(f"ASR_MODEL: {missing}.", _INSTALL)
        try:
            self._model: WhisperModel = WhisperModel(
                str(model), device="cpu", compute_type="int8", local_files_only=True
            )
        except Exception as exc:  # CTranslate2 raises RuntimeError, tokenizers what it likes
            raise ConfigError(
                f"ASR_MODEL: {model} cannot be loaded ({type(exc).__name__}: {exc}).", _INSTALL
            ) from exc
        many = self._model.model.is_multilingual
        self.languages = frozenset[str]() if many else frozenset({"en"})

    def recognise(self, samples: Samples, language: str | None = None) -> list[Heard]:
        """See `Recogniser`; without `language` a multilingual model finds it out."""
        segments, _ = self._model.transcribe(
            resample(samples, RATE, _OWN_RATE),
            language=language,
            word_timestamps=True,
            condition_on_previous_text=False,
            max_new_tokens=_MOST_TOKENS,
        )
        return [
            Heard(word.word.strip(), word.start, word.end, float(word.probability))
            for segment in segments
            for word in segment.words or ()
        ]


def model_fault(model: Path | None) -> str | None:
    """What is wrong with a model's folder, None for one that has its files."""
    if model is None:
        return "is not set"
    missing = [name for name in FILES if not (model / name).is_file()]
    return f"{model} has no {missing[0]}" if missing else None
