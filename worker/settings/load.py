"""The worker's settings: the only place that reads the environment, once, at start.

    settings = Settings.load()                      # os.environ
    settings = Settings.load({"S3_BUCKET": "b"})    # tests

Every variable, its aliases and their precedence are in CONFIG.md, generated from the groups. A bad
value stops the start with one ConfigError naming every wrong variable; a name that is nearly a
known one gives a warning, and so does any unknown `F5_*`, `S3_*` or `STORAGE_*`. Secrets are masked
in `repr`.

Plain pydantic rather than pydantic-settings: the environment has to be injectable and key pairs
resolved together, which bypasses its readers, and importing it costs 45 ms of every cold start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from errors import ConfigError
from s3_utils import StorageConfig
from worker.keys import HOLE, prefix_fault, template_fault
from worker.settings.callbacks import CallbackConfig
from worker.settings.cost import CostConfig
from worker.settings.env import Env, Group, Reader, variables
from worker.settings.groups import JobConfig, LogConfig, ModelConfig, VoiceConfig
from worker.settings.http import HttpConfig
from worker.settings.processing import ProcessingConfig
from worker.settings.storage import storage_config, url_config
from worker.settings.storage_env import StorageEnv, UrlConfig

GROUPS: Mapping[str, type[Group]] = {
    "Storage": StorageEnv,
    "Model": ModelConfig,
    "Voices": VoiceConfig,
    "Jobs": JobConfig,
    "Callbacks": CallbackConfig,
    "Cost": CostConfig,
    "Text and sound": ProcessingConfig,
    "HTTP": HttpConfig,
    "Logging": LogConfig,
}
_OUR_PREFIXES = ("F5_", "S3_", "STORAGE_")


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides, grouped by who needs it. `warnings` are for the log at
    start: clashing aliases and unknown names."""

    storage: StorageConfig = field(default_factory=StorageConfig)
    urls: UrlConfig = field(default_factory=UrlConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    voices: VoiceConfig = field(default_factory=VoiceConfig)
    jobs: JobConfig = field(default_factory=JobConfig)
    callbacks: CallbackConfig = field(default_factory=CallbackConfig)
    cost: CostConfig = field(default_factory=CostConfig)
    processing: ProcessingConfig = field(default_factory=ProcessingConfig)
    http: HttpConfig = field(default_factory=HttpConfig)
    log: LogConfig = field(default_factory=LogConfig)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads `environ` (default: the process's). Raises ConfigError: names every variable with a
        wrong value and what is allowed."""
        reader = Reader(os.environ if environ is None else environ)
        store = reader.read(StorageEnv)
        storage = storage_config(reader, store)
        settings = cls(
            storage=storage,
            urls=url_config(reader, store, storage),
            model=reader.read(ModelConfig),
            voices=reader.read(VoiceConfig),
            jobs=reader.read(JobConfig),
            callbacks=reader.read(CallbackConfig),
            cost=reader.read(CostConfig),
            processing=reader.read(ProcessingConfig),
            http=reader.read(HttpConfig),
            log=reader.read(LogConfig),
        )
        _check_keys(reader, settings)
        reader.warn_of_unknown(
            (name for env in all_variables() for name in env.names), _OUR_PREFIXES
        )
        if reader.problems:
            said = f"Wrong settings: {'; '.join(reader.problems)}"
            raise ConfigError(
                said if said.endswith("?") else f"{said}.",
                " ".join([*reader.guesses, "CONFIG.md lists every variable with its values."]),
            )
        return replace(settings, warnings=tuple(reader.warnings))

    def kept_apart(self, key: str) -> tuple[str, str] | None:
        """What `key` (or a template of one) lies in, where no job writes audio because all jobs
        speak with what is there, and the operation that may; None: a job may write there."""
        if key.casefold().startswith(self.voices.prefix.casefold()):
            return f"the voice library {self.voices.prefix}", "upload"
        if self.in_lexicons(key):
            return f"the lexicons' folder {self.processing.lexicon_prefix}", "store_lexicon"
        return None

    def in_lexicons(self, key: str) -> bool:
        """Whether `key` is one of a lexicon, in whatever case a place may fold it to."""
        return key.casefold().startswith(self.processing.lexicon_prefix.casefold())

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be logged."""
        keys = self.storage
        found = (keys.access_key_id, keys.secret_access_key, keys.session_token)
        ours = (self.model.hf_token, *self.callbacks.hidden, *self.http.keys)
        return tuple(value for value in (*found, *ours) if value)


def all_variables() -> list[Env]:
    """Every variable the worker reads, in CONFIG.md's order."""
    return [env for group in GROUPS.values() for env in variables(group).values()]


def _check_keys(reader: Reader, settings: Settings) -> None:
    """Prefixes and the key template get the checks that a job's own keys get."""
    jobs, voices, problems = settings.jobs, settings.voices.prefix, reader.problems
    of_jobs = {
        env.name: getattr(group, name)
        for group in vars(settings).values()
        if isinstance(group, Group)
        for name, env in variables(type(group)).items()
        if name.endswith("_prefix")
    }
    lexicons = settings.processing.lexicon_prefix
    for name, prefix in {"VOICES_PREFIX": voices, "LEXICON_PREFIX": lexicons, **of_jobs}.items():
        if fault := prefix_fault(prefix):
            problems.append(f"{name}={prefix} {fault}")
    if fault := template_fault(jobs.output_template):
        problems.append(f"OUTPUT_KEY={jobs.output_template} {fault}")
    if jobs.timings_prefix.casefold() == jobs.results_prefix.casefold():
        problems.append(
            "TIMINGS_PREFIX and RESULTS_PREFIX must differ: a job's answer and its json timings "
            "would have one key"
        )
    usage = of_jobs["USAGE_PREFIX"].casefold()
    for name, prefix in of_jobs.items():
        if name != "USAGE_PREFIX" and prefix.casefold().startswith(usage):
            problems.append(f"{name} must not lie in {usage}, where records of cost are")
    del of_jobs["OUTPUT_PREFIX"]  # unused where there is an OUTPUT_KEY: the template has it
    of_jobs["OUTPUT_KEY or OUTPUT_PREFIX"] = jobs.output_template
    for name, prefix in of_jobs.items():
        if prefix.casefold().startswith(voices.casefold()):
            problems.append(f"{name} must not lie in {voices}, where voices are")
        in_lexicons = prefix.casefold().startswith(lexicons.casefold())
        if in_lexicons and name != "LEXICON_PREFIX":
            problems.append(f"{name} must not lie in {lexicons}, where lexicons are")
    if jobs.output_key:
        _check_that_jobs_differ(reader, jobs.output_key)


def _check_that_jobs_differ(reader: Reader, template: str) -> None:
    """A job's own `output_key` is taken as meant; that of all jobs must tell them apart."""
    varying = set(HOLE.findall(template)) - {"ext"}
    if not varying:
        reader.problems.append(
            f"OUTPUT_KEY={template}: every job would replace the last one's audio; add {{job_id}}"
        )
    elif "job_id" not in varying:
        reader.warnings.append(
            f"OUTPUT_KEY={template} has no {{job_id}}: jobs that are alike in the rest replace "
            "each other's audio."
        )
