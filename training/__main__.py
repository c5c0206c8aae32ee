"""Makes the demo checkpoint, and says how well it speaks.

    python -m training demo                 everything from nothing: data, model, vocoder
    python -m training judge --model DIR    how well a checkpoint speaks

Whatever was stopped goes on where it was when the same command is given again.
"""

# Whatever needs torch is imported by the command that runs, so that help comes at once.

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from training.flow.options import FlowOptions, FlowPlan
from training.judge.options import ESPEAK, JudgeOptions
from training.options import RunOptions
from training.vocoder.options import FiguresOptions, VocoderOptions, VocoderPlan


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that `arguments` name, and writes what it says to the standard output."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given)
    options.typed = shlex.join(["python", "-m", "training", *given])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    sys.stdout.write(f"{options.run(options)}\n")


def parser() -> argparse.ArgumentParser:
    """The commands with their options; what it parses has the command's function as `run`."""
    made = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for run, add_options in (
        (_demo, _demo_options),
        (_data, _data_options),
        (_flow, _flow_options),
        (_vocoder, _vocoder_options),
        (_judge, _judge_options),
        (_figures, _figures_options),
        (_recordings, lambda command: None),
    ):
        about = run.__doc__
        command = commands.add_parser(
            run.__name__.removeprefix("_"),
            help=about,
            description=about,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        add_options(command)
        command.set_defaults(run=run)
    return made


def _demo(options: argparse.Namespace) -> str:
    """Makes the whole demo checkpoint from nothing: data, model, vocoder."""
    steps, minutes = options.vocoder_steps, options.vocoder_minutes
    vocoder = VocoderPlan(steps=steps, minutes=minutes, seed=options.seed)
    return f"{_flow(options)}\n{_vocoder(options, vocoder)}"


def _data(options: argparse.Namespace) -> str:
    """Has espeak-ng speak the sentences to learn from."""
    from training.data import alignment

    corpus, _ = alignment.build(options.work_dir, workers=options.workers)
    return f"{options.work_dir}: {len(corpus)} utterances"


def _flow(options: argparse.Namespace) -> str:
    """Trains the model (f5-tts's DiT); makes the data where it is missing."""
    from training.flow.run import run

    return run(_part(FlowOptions, options, plan=_part(FlowPlan, options)))


def _vocoder(options: argparse.Namespace, plan: VocoderPlan | None = None) -> str:
    """Trains the vocoder (a Vocos) on the data."""
    from training.vocoder.run import run

    return run(_part(VocoderOptions, options, plan=plan or _part(VocoderPlan, options)))


def _judge(options: argparse.Namespace) -> str:
    """Says how well a checkpoint speaks that was trained on espeak-ng, or espeak-ng itself."""
    from training.judge.run import run

    return run(_part(JudgeOptions, options), options.typed)


def _figures(options: argparse.Namespace) -> str:
    """Compares vocoders with each other and with Griffin-Lim."""
    from training.vocoder.figures import run

    return run(_part(FiguresOptions, options))


def _recordings(options: argparse.Namespace) -> str:
    """Has espeak-ng speak the recordings of the tests again."""
    from training.data.recordings import make

    return make()


def _part(kind: type[Any], options: argparse.Namespace, **more: object) -> Any:
    """A `kind` with those of its fields that are among the options."""
    names = {item.name for item in fields(kind)}
    given = {name: value for name, value in vars(options).items() if name in names}
    return kind(**given | more)


def _demo_options(command: argparse.ArgumentParser) -> None:
    _flow_options(command)
    add = command.add_argument
    add("--vocoder-steps", type=int, default=VocoderPlan.steps, help="at most")
    add("--vocoder-minutes", type=float, default=VocoderPlan.minutes, help="at most")


def _data_options(command: argparse.ArgumentParser) -> None:
    _option(command, RunOptions, "work_dir", Path, "where the corpus lies")
    _option(command, FlowOptions, "workers", int, "processes that make it")


def _run_options(command: argparse.ArgumentParser) -> None:
    _option(command, RunOptions, "work_dir", Path, "corpus, checkpoints, logs")
    _option(command, RunOptions, "out", Path, "the finished checkpoint, instead of export/ there")
    _option(command, RunOptions, "resume", bool, "go on from the last checkpoint")
    _option(command, RunOptions, "export_only", bool, "no training: write what was last saved")
    _option(command, RunOptions, "device", str, "as torch names it; auto: a GPU if there is one")
    _option(command, RunOptions, "threads", int, "of the CPU; 0: torch's own choice")


def _flow_options(command: argparse.ArgumentParser) -> None:
    _run_options(command)
    _option(command, FlowOptions, "init", Path, "model.safetensors to start from")
    _option(command, FlowPlan, "steps", int, "of the model")
    _option(command, FlowPlan, "reading_steps", int, "of the text encoder, before them")
    _option(command, FlowPlan, "learning_rate", float, "at its highest")
    _option(command, FlowPlan, "frames_per_step", int, "of all samples together")
    _option(command, FlowPlan, "seed", int, "of everything random")
    _option(command, FlowOptions, "check_every", int, "steps between two looks at its speech")
    _option(command, FlowOptions, "compile", bool, "the model; pays from a few hundred steps on")
    _option(command, FlowOptions, "workers", int, "processes that make the corpus")


def _vocoder_options(command: argparse.ArgumentParser) -> None:
    _run_options(command)
    _option(command, VocoderPlan, "steps", int, "at most")
    _option(command, VocoderPlan, "minutes", float, "of training at most, over all resumed runs")
    _option(command, VocoderPlan, "batch", int, "stretches of 0.7 s in a step")
    _option(command, VocoderPlan, "seed", int, "of everything random")


def _judge_options(command: argparse.ArgumentParser) -> None:
    model = f"checkpoint directory, or {ESPEAK}"
    command.add_argument("--model", required=True, default=argparse.SUPPRESS, help=model)
    _option(command, JudgeOptions, "vocoder", str, "directory, or griffin-lim; else the model's")
    _option(command, JudgeOptions, "sentences", int, "to speak")
    _option(command, JudgeOptions, "others", int, "sentences to confuse each with")
    _option(command, JudgeOptions, "nfe", int, "sampling steps; else as the worker")
    _option(command, JudgeOptions, "cfg_strength", float, "guidance; else the demo's")
    _option(command, JudgeOptions, "dtype", str, "as F5_DTYPE")
    _option(command, JudgeOptions, "threads", int, "of the CPU")
    _option(command, JudgeOptions, "seed", int, "of the choice of sentences and voices")
    _option(command, JudgeOptions, "words", bool, "word error rates, if there is a recogniser")
    _option(command, JudgeOptions, "out", Path, "where the figures go")
    _option(command, JudgeOptions, "audio", Path, "keep the speech as WAV files here")


def _figures_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("vocoders", nargs="+", type=Path, help="directories")
    _option(command, FiguresOptions, "sentences", int, "to speak")
    _option(command, FiguresOptions, "threads", int, "of the CPU")


def _option(
    command: argparse.ArgumentParser, owner: type[Any], name: str, kind: type[Any], about: str
) -> None:
    """Adds the field `name` of the dataclass `owner`, with its default, as an option."""
    default, flag = getattr(owner, name), f"--{name.replace('_', '-')}"
    how: dict[str, Any] = {"type": kind}
    if kind is bool:
        how = {"action": argparse.BooleanOptionalAction if default else "store_true"}
    shown = argparse.SUPPRESS if default is None else default  # the dataclass says None itself
    command.add_argument(flag, default=shown, help=about, **how)


if __name__ == "__main__":
    main()
