"""The worker's parts, built once: settings, storage, voices, and the engine, which loads meanwhile.

The constructor is the boot script. Storage and voices are ready when it returns; the model loads on
a thread of its own, so that loading weights and importing the RunPod SDK overlap. No job is taken
before `engine` has a result: `model_ready` is the SDK's fitness check.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import EngineConfig
from engine.weights.locate import ModelRequest, locate
from errors import InvalidInput, ModelUnavailable, VoiceNotFound, WorkerError, show
from s3_utils import Buckets, Storage, StorageConfig, open_storage, time_limit
from worker.lexicons import LexiconLibrary
from worker.log import get_logger
from worker.quality.listeners import listener
from worker.settings.env import fill
from worker.settings.load import Settings
from worker.subtitles.align import aligner
from worker.voices.ears import Ears
from worker.voices.library import VoiceLibrary

if TYPE_CHECKING:
    from engine.boot import Engine

log = get_logger("app")

_TRY_STORAGE_S = 5.0
# Jobs in flight where the settings say none. On a CPU one speaks while the other is fetched or
# stored; a GPU's passes hold chunks of several, and some are always being joined and encoded.
_CPU_JOBS, _GPU_JOBS = 2, 32

BUNDLED_VOICES = Path(__file__).parent.parent / "assets" / "voices"


class App:
    """Everything a job needs.

    Args:
        speaks: False: without a model, for operations on a shell.
        results: a folder for what jobs keep off S3, in place of local storage.

    Raises:
        ConfigError: the storage settings contradict each other.
    """

    def __init__(
        self, settings: Settings, *, speaks: bool = True, results: Path | None = None
    ) -> None:
        self.settings = settings
        self.engine: Future[Engine] = Future()
        self.storage_tried = threading.Event()
        self.storage = open_storage(settings.storage)
        # Never a second store of one directory: that has one quota and one set of locks.
        config = StorageConfig(local_dir=results) if results else settings.storage
        own = None if results else self.storage.stores().get("local")
        self.local = own or open_storage(replace(config, mode="local"))
        self.buckets = Buckets(settings.storage)
        processing = settings.processing
        self.recogniser = listener(processing.asr, processing.asr_model)
        transcriber = listener(processing.transcriber, processing.asr_model, setting="TRANSCRIBER")
        ears = Ears(transcriber, self.recogniser, processing.default_language)
        self.voices = VoiceLibrary(
            self.storage,
            settings.voices,
            bundled_dir=BUNDLED_VOICES,
            fetch_bucket=self._voice_at,
            ears=ears,
        )
        self.lexicons = LexiconLibrary(self.storage, settings.processing.lexicon_prefix)
        self.aligner = aligner(settings.processing.word_times)
        if not speaks:
            return
        # Last: a wrong setting must end the process before any thread runs native code.
        self._loading = self._start(self._load_engine)
        self._start(self._try_storage)

    def store(self, use_s3: bool | None) -> Storage:
        """The store a job asked for: `use_s3` false keeps its output on local disk."""
        return self.local if use_s3 is False else self.storage

    def model_ready(self) -> None:
        """Blocks until the model is loaded and warm; the SDK's fitness check. Raises
        ModelUnavailable: it cannot be loaded; the worker must not take jobs."""
        self.engine.result()

    async def loaded_engine(self) -> Engine:
        """The engine, waited for without blocking; a cancelled job does not cancel its loading.
        Raises ModelUnavailable: it cannot be loaded."""
        return await asyncio.shield(asyncio.wrap_future(self.engine))

    def concurrency(self, _current: int) -> int:
        """Jobs to have in flight (SDK's modifier). When this number changes, the SDK takes no job
        until all have ended; so it follows neither the load nor the engine's frame budget."""
        device = self.engine.result().device
        return self.settings.jobs.max_concurrency or (_CPU_JOBS if device == "cpu" else _GPU_JOBS)

    def default_voice_fault(self) -> str | None:
        """What is wrong with DEFAULT_VOICE, "" if nothing; None where it is not looked for: it
        comes with the worker, or is a link. Raises StorageError: storage does not say."""
        voice = self.settings.voices.default_voice
        if "://" in voice or self.voices.is_bundled(voice):
            return None
        try:
            self.voices.look_for(voice)
        except InvalidInput as error:
            return f"DEFAULT_VOICE={voice}: {error.message} {error.hint}".strip()
        return ""

    def close(self) -> None:
        """Stops the inference thread; a model still loading is waited for, up to a minute. A
        process that ends while native code runs on another thread aborts instead of exiting."""
        self.end_storage()
        self._loading.join(timeout=60)
        if self.engine.done() and self.engine.exception() is None:
            self.engine.result().close()

    def end_storage(self) -> None:
        """No thread waits for storage any longer, and nothing more is sent in the background."""
        self.buckets.close()
        self.storage.close()

    def _voice_at(self, uri: str) -> tuple[Storage, str]:
        """Store and key of an `s3://` voice: a job reads no bucket that was not opened to jobs."""
        bucket = uri.removeprefix("s3://").partition("/")[0]
        if not self.settings.voices.may_read(bucket, self.settings.storage.bucket):
            raise VoiceNotFound(
                f"The voice {show(uri)} is in a bucket that jobs of this worker may not name.",
                "Upload the voice, or name its bucket in VOICE_BUCKETS.",
            )
        return self.buckets.at(uri)

    @staticmethod
    def _start(work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
        thread.start()
        return thread

    def _try_storage(self) -> None:
        """Opens the connection before the first job needs it, and says early what is wrong. Only a
        warning: a key may lack the permission to look at the bucket and still do its work."""
        try:
            with time_limit(_TRY_STORAGE_S):
                self.storage.ensure_bucket()
                if problem := self.default_voice_fault():
                    log.warning("settings: %s", problem)
        except WorkerError as error:
            log.warning("storage: %s %s", error.message, error.hint)
        finally:
            self.storage_tried.set()

    def _load_engine(self) -> None:
        try:
            self.engine.set_result(self._engine())
        except WorkerError as error:
            log.error("model not loaded: %s %s", error.message, error.hint)
            self.engine.set_exception(error)
        except Exception as exc:  # those who wait for the engine must be told
            log.exception("model not loaded")
            unavailable = ModelUnavailable(
                f"The model cannot be loaded ({type(exc).__name__}).", "See the worker's log."
            )
            self.engine.set_exception(unavailable)

    def _engine(self) -> Engine:
        # Imported here: torch takes a second, meanwhile the main thread imports the SDK.
        from engine.boot import load_engine

        model = self.settings.model
        remote = self.buckets if "s3" in self.storage.stores() else None
        files = locate(fill(ModelRequest, model), remote)
        return load_engine(files, fill(EngineConfig, model))
