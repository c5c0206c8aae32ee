"""The judge's figures as a markdown table, beside what is wanted of the demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.judge.verdict import Verdict

_TARGET_RETRIEVAL = 0.96  # 48 of 50
_TARGET_WORDS = 1.5
_TARGET_CORRELATION = 0.9
_TARGET_DURATION = 0.10
_TARGET_SECONDS = 3.0
_TARGET_MEGABYTES = 40.0


def table(figures: dict[str, Any]) -> str:
    """Markdown rows of measure, figure, espeak-ng's own, target, whether it is met."""
    rows = [
        *_retrieval(figures["retrieval"]),
        *(_words(figures["words"]) if figures["words"] else []),
        *_voice(figures["voice"], "all voices"),
        *_voice(figures["voice_unheard"], "voices not trained on"),
        *_duration(figures["duration"], figures.get("duration_estimate")),
        *_cost(figures),
    ]
    head = "| measure | figure | espeak-ng itself | wanted | met |\n|---|---|---|---|---|\n"
    return head + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def write(
    directory: Path, figures: dict[str, Any], verdicts: list[Verdict], command: str
) -> tuple[Path, Path]:
    """`judge.json` (figures, and every case) and `judge.md` in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    cases = [_case(verdict) for verdict in verdicts]
    content = {"command": command, **figures, "cases": cases}
    (directory / "judge.json").write_text(json.dumps(content, indent=1) + "\n")
    (directory / "judge.md").write_text(f"`{command}`\n\n{table(figures)}")
    return directory / "judge.json", directory / "judge.md"


def _case(verdict: Verdict) -> dict[str, Any]:
    case, heard = verdict.case, verdict.heard
    return {
        "text": case.text,
        "kind": case.kind,
        "voice": case.voice,
        "pitch": case.pitch,
        "unheard_voice": case.unheard_voice,
        "nearest": ([case.text, *case.others])[verdict.match.nearest],
        "margin": round(verdict.match.margin(0), 4),
        "heard": heard.generated if heard else None,
        "heard_of_espeak": heard.original if heard else None,
        "reference": _rounded(verdict.reference),
        "original": _rounded(verdict.original),
        "generated": _rounded(verdict.generated),
        "duration_error": round(verdict.duration_error, 4),
    }


def _rounded(acoustics: Any) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in vars(acoustics).items()}


def _met(yes: bool) -> str:
    return "yes" if yes else "no"


def _retrieval(r: dict[str, Any]) -> list[list[str]]:
    share = r["right"] / r["of"]
    unheard = f"{r['right_unheard_voices']} of {r['of_unheard_voices']}"
    return [
        [
            f"right sentence nearest of {r['candidates']} (DTW)",
            f"{r['right']} of {r['of']}",
            "",
            f"{_TARGET_RETRIEVAL:.0%}",
            _met(share >= _TARGET_RETRIEVAL),
        ],
        ["... voices not trained on", unheard, "", "", ""],
        [
            "... margin, median (smallest)",
            f"{r['median_margin']:.1%} ({r['smallest_margin']:.1%})",
            "",
            "",
            "",
        ],
    ]


def _words(w: dict[str, Any]) -> list[list[str]]:
    rows = []
    for kind, rates in w.items():
        if kind == "right_sentence":
            continue
        name = "word error rate" if kind == "all" else f"... {kind} sentences"
        rows.append(
            [
                name,
                f"{rates['generated']:.1%} ({rates['ratio']:.2f} times)",
                f"{rates['espeak']:.1%}",
                f"{_TARGET_WORDS} times" if kind == "all" else "",
                _met(rates["ratio"] <= _TARGET_WORDS) if kind == "all" else "",
            ]
        )
    right = w["right_sentence"]
    rows.append(
        [
            "recogniser nearest to the right sentence",
            f"{right['generated']} of {right['of']}",
            f"{right['espeak']} of {right['of']}",
            "",
            "",
        ]
    )
    return rows


def _voice(v: dict[str, float], whose: str) -> list[list[str]]:
    rows = []
    for what, name, judged in (
        ("pitch", "pitch against the reference", True),
        ("voice_centroid", "spectral centroid of the voice, the sentence's share removed", True),
        ("centroid", "spectral centroid against the reference, which says other words", False),
    ):
        value, own = v[f"{what}_correlation"], v[f"{what}_correlation_of_espeak"]
        rows.append(
            [
                f"{name}; {whose}",
                f"{value:.3f}",
                f"{own:.3f}",
                f"{_TARGET_CORRELATION}" if judged else "",
                _met(value >= _TARGET_CORRELATION) if judged else "",
            ]
        )
    return rows


def _duration(d: dict[str, Any], estimate: dict[str, float] | None) -> list[list[str]]:
    limit = ""  # the sampler fills the length that f5-tts estimates from the reference's pace
    if estimate:
        limit = f"f5-tts's estimate: {estimate['median_error']:.1%} ({estimate['worst_error']:.1%})"
    return [
        [
            "duration error, median (worst)",
            f"{d['median_error']:.1%} ({d['worst_error']:.1%})",
            limit,
            f"{_TARGET_DURATION:.0%}",
            _met(d["median_error"] <= _TARGET_DURATION),
        ],
        ["... cases within 10 %", str(d["within_10_percent"]), "", "", ""],
        ["... of all speech together", f"{d['total_error']:+.1%}", "", "", ""],
    ]


def _cost(figures: dict[str, Any]) -> list[list[str]]:
    rows = []
    if timing := figures.get("timing"):
        rows.append(
            [
                f"seconds for {timing['audio_s']:.1f} s of speech, {timing['threads']} threads, "
                f"{timing['nfe']} steps, median (best)",
                f"{timing['median_s']:.2f} ({timing['best_s']:.2f})",
                "",
                f"{_TARGET_SECONDS:g}",
                _met(timing["median_s"] <= _TARGET_SECONDS),
            ]
        )
    if "package_mb" in figures:
        size = figures["package_mb"]
        met = _met(size <= _TARGET_MEGABYTES)
        rows.append(["package, MB", f"{size:.1f}", "", f"{_TARGET_MEGABYTES:g}", met])
    return rows
