"""How far estimated word times are from aligned ones: `python -m tools.word_times [--nfe 16]`.

The demo checkpoint says six pairs of sentences; pocketsphinx (requirements/align.txt) finds the
words. It is itself off by about 20 ms, see docs/word-times.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from errors import ConfigError
from standins.spoken import SENTENCES
from tools.demo_speech import demo_speech
from worker.audio.joins import NaturalJoins, Piece, join_all
from worker.subtitles.align import Method, aligner, time_words
from worker.subtitles.words import Word, estimate_words


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tools.word_times", description=__doc__)
    parser.add_argument("--nfe", type=int, default=16, help="sampling steps")
    options = parser.parse_args(arguments)
    try:
        chosen = aligner("align")
    except ConfigError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    texts = [" ".join(SENTENCES[i : i + 2]) for i in range(0, len(SENTENCES), 2)]
    starts: list[float] = []
    ends: list[float] = []
    refused = 0
    with demo_speech() as demo:
        rate = demo.sample_rate
        for text, chunks in zip(texts, demo.say(texts, options.nfe), strict=True):
            samples, _ = join_all(NaturalJoins(rate), [Piece(chunk) for chunk in chunks])
            whole = [Word(text, 0.0, len(samples) / rate)]
            found = time_words(whole, samples, rate, chosen, ["en"])
            refused += found.methods != [Method.ALIGNED]
            estimated = estimate_words(whole, samples, rate)
            for word, guess in zip(found.words, estimated, strict=True):
                if word.aligned:
                    starts.append(1000 * (guess.start - word.start))
                    ends.append(1000 * (guess.end - word.end))
    off = np.abs(starts)
    sys.stdout.write(
        f"{len(texts)} texts, {refused} not aligned, {len(off)} words; estimated against aligned: "
        f"starts {off.mean():.0f} ms, 95 % {np.quantile(off, 0.95):.0f} ms, middle "
        f"{np.median(starts):+.0f} ms; ends {np.abs(ends).mean():.0f} ms\n"
        if starts
        else "no text was aligned\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
