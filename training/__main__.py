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
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from training.flow.options import FlowOptions, FlowPlan
from training.judge.options import JudgeOptions, LinesOptions
from training.vocoder.options import FiguresOptions, VocoderOptions, VocoderPlan


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that `arguments` name, and writes what it says to the standard output."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    options.typed = shlex.join(["python", "-m", "training", *given])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    sys.stdout.write(f"{options.run(options)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = _command(commands, _demo, FlowOptions, FlowPlan)
    _add(demo, VocoderPlan, only=("steps", "minutes"), prefix="vocoder-")
    data = _command(commands, _data)
    _add(data, FlowOptions, only=("work_dir", "workers"))
    _command(commands, _flow, FlowOptions, FlowPlan)
    _command(commands, _vocoder, VocoderOptions, VocoderPlan)
    _command(commands, _judge, JudgeOptions)
    _command(commands, _figures, FiguresOptions)
    _command(commands, _recordings)
    _command(commands, _words)
    _command(commands, _durations)
    _command(commands, _lines, LinesOptions)
    return parser


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


def _words(options: argparse.Namespace) -> str:
    """Says how far word times are off, by what espeak-ng's library tells."""
    from training.judge.word_times import run

    return run()


def _durations(options: argparse.Namespace) -> str:
    """Says how far planned lengths are off, by what espeak-ng takes."""
    from training.judge.durations import run

    return run()


def _lines(options: argparse.Namespace) -> str:
    """Says which of the short lines that tools.listen spoke are told from others by sound."""
    from training.judge.lines import run

    return run(_part(LinesOptions, options))


def _part(kind: type[Any], options: argparse.Namespace, **more: object) -> Any:
    """A `kind` with those of its fields that are among the options."""
    names = {item.name for item in fields(kind)}
    given = {name: value for name, value in vars(options).items() if name in names}
    return kind(**given | more)


def _command(commands: Any, run: Callable[..., str], *kinds: type[Any]) -> argparse.ArgumentParser:
    """Adds `run` as a command with the options of dataclasses."""
    command: argparse.ArgumentParser = commands.add_parser(
        run.__name__.removeprefix("_"),
        help=run.__doc__,
        description=run.__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    command.set_defaults(run=run)
    for kind in kinds:
        _add(command, kind)
    return command


def _add(
    command: argparse.ArgumentParser,
    kind: type[Any],
    only: Sequence[str] | None = None,
    prefix: str = "",
) -> None:
    """Adds those fields of a dataclass that say what they are for, or `only` some of them."""
    for item in fields(kind):
        hint = get_type_hints(kind, include_extras=True)[item.name]
        if get_origin(hint) is not Annotated or (only and item.name not in only):
            continue
        hint, about = get_args(hint)
        how: dict[str, Any] = {"help": about}
        if hint is bool:
            how["action"] = argparse.BooleanOptionalAction
        elif get_origin(hint) is Literal:
            how["choices"] = get_args(hint)
        else:
            how["type"] = (get_args(hint) or (hint,))[0]  # also of "X | None" and "Sequence[X]"
        if get_origin(hint) is Sequence:
            command.add_argument(item.name, nargs="+", **how)
            continue
        required = item.default is MISSING
        if not required and item.default is not None:  # the dataclass says None itself
            how["default"] = item.default
        flag = f"--{prefix}{item.name.replace('_', '-')}"
        command.add_argument(flag, required=required, **how)


if __name__ == "__main__":
    main()
