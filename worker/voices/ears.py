"""The recognisers that listen to voices, and what they have heard."""

from __future__ import annotations

import math
import threading
import unicodedata
from collections.abc import Callable

from cachetools import LRUCache

from worker.quality.recogniser import ONE_AT_A_TIME, Recogniser
from worker.subtitles.notes import one_line
from worker.threads import Lane, in_turn
from worker.voices.reference import HeardWords, PreparedVoice

_REMEMBERED = 4096  # clips


class Ears:
    """The recognisers that listen to voices; None: nobody does. Thread-safe.

    Args:
        transcriber: gives the one that writes down words where there are none.
        checker: gives the one that words are held against.
        default_language: of voices of which nothing is known.
    """

    def __init__(
        self,
        transcriber: Callable[[], Recogniser] | None = None,
        checker: Callable[[], Recogniser] | None = None,
        default_language: str = "en",
    ) -> None:
        self.transcriber, self.checker = transcriber, checker or transcriber
        self.default_language = default_language
        self._heard: LRUCache[tuple[str, str, str], HeardWords] = LRUCache(_REMEMBERED)
        self._lock = threading.Lock()

    def hear(self, listener: Recogniser, voice: PreparedVoice, language: str | None) -> HeardWords:
        """The words of a voice's clip; remembered. It waits for its turn."""
        key = (voice.content_hash, listener.name, language or "")
        with self._lock:
            known = self._heard.get(key)
        if known is None:
            known = in_turn(Lane.LISTEN, self._listen, listener, voice, language)
            with self._lock:
                self._heard[key] = known
        return known

    @staticmethod
    def _listen(listener: Recogniser, voice: PreparedVoice, language: str | None) -> HeardWords:
        with ONE_AT_A_TIME:
            found = listener.recognise(voice.samples, language)
        sure = [word.probability for word in found if not math.isnan(word.probability)]
        mean = round(sum(sure) / len(sure), 3) if sure else None
        text = one_line(" ".join(word.text for word in found))
        plain = (char for char in text if unicodedata.category(char) not in ("Cc", "Cs"))
        return HeardWords("".join(plain), listener.name, mean)
