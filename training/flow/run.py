"""Makes the demo's DiT: the data where it is missing, the training, the checkpoint to load."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from engine.tokens import read_vocab
from engine.weights.checkpoint import read_state
from engine.weights.config import read_config
from training import loop
from training.data import alignment
from training.data.corpus import Corpus
from training.flow import check, export
from training.flow.options import FlowOptions
from training.flow.samples import Sampler
from training.flow.train import CHECKPOINT, FlowTraining, speed_up, train
from training.progress import plot

log = logging.getLogger(__name__)

ARCH = Path(__file__).parent / "arch.yaml"


def run(options: FlowOptions) -> str:
    """Trains to the end and writes the checkpoint; says where.

    Raises:
        RuntimeError: espeak-ng is missing.
        SystemExit: SIGTERM came and everything was saved.
    """
    device = loop.set_up(options)
    saved = options.work_dir / CHECKPOINT
    training = _training(options, device)
    if options.export_only:
        training.load_weights(saved)
    else:
        _begin(training, saved, options)
        train(training, options.work_dir, check_every=options.check_every, check=_look)
    export.write_checkpoint(options.package, training.ema_state(), training.arch, "demo")
    plot(loop.log_of(saved), options.package / "loss.svg")
    return f"{options.package}: {training.step} steps"


def _training(options: FlowOptions, device: torch.device) -> FlowTraining:
    plan, corpus, said = options.plan, Corpus(), list[alignment.Spoken]()
    if not options.export_only:
        corpus, said = alignment.build(options.work_dir, workers=options.workers)
        log.info("corpus: %d utterances", len(corpus))
    sampler = Sampler(corpus, said, frames_per_step=plan.frames_per_step, seed=plan.seed)
    vocab_size = len(read_vocab(export.official_vocab()))
    return FlowTraining(read_config(ARCH)[0], vocab_size, sampler, plan, device)


def _begin(training: FlowTraining, saved: Path, options: FlowOptions) -> None:
    if options.resume and saved.is_file():
        training.resume(saved)
        log.info("going on from step %d", training.step)
    elif options.init:
        training.start_from(read_state(options.init))
        log.info("starting from %s", options.init)
    if options.compile:
        speed_up(training)


def _look(training: FlowTraining) -> None:
    log.info("step %d: %s", training.step, check.retrieval(training.ema_state(), training.arch))
