"""Makes the demo's vocoder: the training on the corpus, and the package to load."""

from __future__ import annotations

import logging

from engine.arch import MelConfig
from training import loop
from training.data import corpus
from training.vocoder.options import VocoderOptions
from training.vocoder.stretches import Stretches
from training.vocoder.train import CHECKPOINT, VocoderTraining
from training.vocoder.vocos_net import export

log = logging.getLogger(__name__)


def run(options: VocoderOptions) -> str:
    """Trains to the end and writes `vocos/`; says where.

    Raises:
        FileNotFoundError: there is no corpus in the work directory.
        SystemExit: SIGTERM came and everything was saved.
    """
    device = loop.set_up(options)
    saved = options.work_dir / CHECKPOINT
    training = VocoderTraining(_stretches(options), options.plan, device)
    if options.export_only:
        training.load_weights(saved)
    else:
        if options.resume and saved.is_file():
            training.resume(saved)
            log.info("going on from step %d", training.step)
        loop.train(training, saved)
    directory = options.package / "vocos"
    size = export(training.model, directory)
    return f"{directory}: {training.step} steps, {training.seconds:.0f} s, {size / 1e6:.1f} MB"


def _stretches(options: VocoderOptions) -> Stretches:
    spoken = corpus.Corpus() if options.export_only else corpus.load(options.work_dir)
    lengths = [utterance.samples for utterance in spoken.utterances]
    hours = sum(lengths) / MelConfig.sample_rate / 3600
    log.info("corpus: %d utterances, %.1f h", len(lengths), hours)
    return Stretches(spoken.wave, lengths, options.plan)
