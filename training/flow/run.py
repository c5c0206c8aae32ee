"""Makes the demo checkpoint: data, training, export. `python -m training.flow.run --help`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

import torch

from engine.arch import read_arch
from engine.tokens import read_vocab
from engine.weights.checkpoint import read_state
from training import progress
from training.data import alignment, corpus
from training.flow import check, export
from training.flow.samples import Sampler
from training.flow.train import CHECKPOINT, FlowPlan, FlowTraining, speed_up, train

log = logging.getLogger("demo")

ARCH = Path(__file__).parent / "arch.yaml"


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    if options.threads:
        torch.set_num_threads(options.threads)
    work: Path = options.work_dir
    spoken, said = corpus.Corpus(), []
    if options.only != "export":
        spoken = corpus.build(work, workers=options.workers)
        said = alignment.build(work, spoken, workers=options.workers)
        log.info("corpus: %d utterances", len(spoken))
    if options.only == "data":
        return
    plan = FlowPlan(
        steps=options.steps,
        learning_rate=options.learning_rate,
        frames_a_step=options.frames_a_step,
        reading_steps=options.reading_steps,
        seed=options.seed,
    )
    training = _training(
        options, Sampler(spoken, said, frames_a_step=plan.frames_a_step, seed=plan.seed), plan
    )
    if options.only != "export":
        if options.compile:
            speed_up(training)
        train(training, work, check_every=options.check_every, check=_check(work))
    export.write_checkpoint(options.out, training.ema_state(), training.arch, "demo")
    progress.plot(work / "flow.csv", work / "flow.svg")
    print(f"{options.out}: {training.step} steps")


def _training(options: argparse.Namespace, sampler: Sampler, plan: FlowPlan) -> FlowTraining:
    device = torch.device(options.device)
    vocab_size = len(read_vocab(export.official_vocab()))
    training = FlowTraining(read_arch(ARCH), vocab_size, sampler, plan, device)
    saved: Path = options.work_dir / CHECKPOINT
    if options.only == "export":
        training.load_weights(saved)
    elif options.resume and saved.is_file():
        training.resume(saved)
        log.info("going on from step %d", training.step)
    elif options.init:
        training.start_from(read_state(options.init))
        log.info("starting from %s", options.init)
    return training


def _check(work: Path) -> Callable[[FlowTraining], None]:
    def look(training: FlowTraining) -> None:
        found = check.retrieval(training.ema_state(), training.arch)
        log.info("step %d: %s", training.step, found)
        progress.plot(work / "flow.csv", work / "flow.svg")

    return look


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--work-dir", type=Path, default=corpus.WORK_DIR, help="corpus, checkpoints, losses")
    add("--out", type=Path, default=corpus.WORK_DIR / "export", help="the finished checkpoint")
    add("--only", choices=("data", "flow", "export"), help="one part instead of all")
    add("--init", type=Path, help="model.safetensors to start from")
    add("--resume", action=argparse.BooleanOptionalAction, default=True, help="go on with flow.pt")
    add("--steps", type=int, default=FlowPlan.steps)
    add("--reading-steps", type=int, default=FlowPlan.reading_steps, help="of the text encoder")
    add("--learning-rate", type=float, default=FlowPlan.learning_rate)
    add("--frames-a-step", type=int, default=FlowPlan.frames_a_step)
    add("--seed", type=int, default=FlowPlan.seed)
    add("--check-every", type=int, default=1000, help="steps between two looks at its speech")
    add("--device", default="cpu", help="cpu or cuda")
    add("--compile", action=argparse.BooleanOptionalAction, default=True)
    add("--threads", type=int, default=0, help="CPU threads of the training; 0: all")
    add("--workers", type=int, default=2, help="processes that make the corpus")
    return parser


if __name__ == "__main__":
    main()
