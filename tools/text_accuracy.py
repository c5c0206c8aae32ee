"""How well the text front end reads: `python -m tools.text_accuracy [--failures] [--write]`.

`--table fresh7_en` runs one table alone, as a fresh one is run once.

Runs the tables of tests/text/tables through `text.front` and counts, for each language and class,
what is read right, left as it is written, and made wrong. `--failures` shows what is not right;
`--write` puts the figures into docs/text.md.

A row is right when the spoken text is one of the row's alternatives; case, punctuation, hyphens
and the "and" in "one hundred and five" do not count. It is left when all that differs still stands
as it was written; everything else is wrong.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from standins.text_tables import TABLES, Row, rows
from text.front import TextOptions, prepare

DOC = Path("docs/text.md")
LANGUAGES = ("en", "de", "fr", "es", "zh")
_BEGIN, _END = "<!-- accuracy: begin -->", "<!-- accuracy: end -->"
_MOST_ALTERNATIVES = 20_000
_WITHOUT_BLANKS = ("de", "zh")


class Verdict(StrEnum):
    """What became of a row."""

    RIGHT = "right"
    LEFT = "left as written"
    WRONG = "made wrong"


@dataclass(frozen=True)
class Result:
    """A row with what was made of it."""

    row: Row
    spoken: str
    verdict: Verdict


def judge(row: Row) -> Result:
    """Reads a row and compares."""
    spoken = prepare(row.written, TextOptions(language=row.language)).spoken
    return Result(row, spoken, _verdict(row, spoken))


def _verdict(row: Row, spoken: str) -> Verdict:
    if row.forbidden and re.search(row.forbidden, spoken):
        return Verdict.WRONG
    said = plain(spoken)
    expected = [plain(text) for text in alternatives(row.spoken)]
    if said in expected:
        return Verdict.RIGHT
    if row.language in _WITHOUT_BLANKS:
        joined = said.replace(" ", "")
        if any(text.replace(" ", "") == joined for text in expected):
            return Verdict.RIGHT
    return Verdict.LEFT if _only_left(row.written, said, expected) else Verdict.WRONG


def alternatives(pattern: str) -> Iterator[str]:
    """Every text that a `spoken` column allows."""
    for whole in pattern.split(" || "):
        parts = re.split(r"\{([^}]*)\}", whole)
        choices = [part.split("|") if odd % 2 else [part] for odd, part in enumerate(parts)]
        for choice in itertools.islice(itertools.product(*choices), _MOST_ALTERNATIVES):
            yield "".join(choice)


def plain(text: str) -> str:
    """`text` without what does not count."""
    text = re.sub(r"[-–—/]", " ", text.lower().replace("’", "'"))
    text = re.sub(r"[^\w\s']|_", " ", text)
    text = re.sub(r"(?<!\w)'|'(?!\w)", " ", text)
    text = re.sub(r"\b(hundred|thousand|million|billion) and\b", r"\1", text)
    return " ".join(text.split())


def _only_left(written: str, said: str, expected: list[str]) -> bool:
    """True when every word that differs is one of the written words."""
    words = said.split()
    nearest = max(expected, key=lambda text: difflib.SequenceMatcher(None, said, text).ratio())
    matcher = difflib.SequenceMatcher(None, words, nearest.split(), autojunk=False)
    written_words = set(plain(written).split())
    wrong = [words[a:b] for kind, a, b, _, _ in matcher.get_opcodes() if kind != "equal"]
    return all(run and written_words.issuperset(run) for run in wrong)


def names(language: str, part: str) -> list[str]:
    """The tables of a language: `classes` or everyday `sentences`."""
    if part == "sentences":
        fresh = sorted(path.stem for path in TABLES.glob(f"fresh*_{language}.tsv"))
        first = [f"sentences_{language}"] if language != "zh" else []
        return first + fresh
    return [language, *(["traps_en"] if language == "en" else [])]


def results(language: str, part: str) -> list[Result]:
    """All rows of one part of a language's tables."""
    return [judge(row) for name in names(language, part) for row in rows(name, language)]


def summary() -> str:
    """The figures as Markdown tables."""
    lines = ["| language | rows by class: right | sentences: right | left | made wrong |"]
    lines.append("|---|---|---|---|---|")
    for language in LANGUAGES:
        classes, sentences = results(language, "classes"), results(language, "sentences")
        count = Counter(result.verdict for result in sentences)
        cells = [f"{count[v]}" if sentences else "-" for v in Verdict]
        right = sum(result.verdict is Verdict.RIGHT for result in classes)
        of = f" of {len(sentences)}" if sentences else ""
        row = [language, f"{right} of {len(classes)}", cells[0] + of, *cells[1:]]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def by_class(language: str) -> str:
    """Right answers for each class of one language."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for result in results(language, "classes") + results(language, "sentences"):
        total[result.row.kind] += 1
        right[result.row.kind] += result.verdict is Verdict.RIGHT
    return "\n".join(f"  {kind:18} {right[kind]:3} of {total[kind]}" for kind in sorted(total))


def write() -> None:
    """Puts the figures into the documentation."""
    text = DOC.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    DOC.write_text(f"{before}{_BEGIN}\n{summary()}\n{_END}{after}", encoding="utf-8")


def show_failures(found: Iterable[Result]) -> None:
    """Shows the rows that are not right."""
    for result in found:
        if result.verdict is not Verdict.RIGHT:
            print(f"\n{result.row.number} {result.verdict}: {result.row.written}")
            print(f"  is   {result.spoken}\n  must {result.row.spoken}")


def one_table(name: str) -> None:
    """Runs one table and shows what is not right, and how many are right, left and wrong."""
    found = [judge(row) for row in rows(name, name.rpartition("_")[2])]
    show_failures(found)
    count = Counter(result.verdict for result in found)
    print(", ".join(f"{count[verdict]} {verdict}" for verdict in Verdict), f"of {len(found)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How well the text front end reads.")
    parser.add_argument("--failures", action="store_true", help="show rows that are not right")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/text.md")
    parser.add_argument("--table", help="only this table, as fresh7_en, with what is not right")
    options = parser.parse_args()
    if options.table:
        one_table(options.table)
        return
    print(summary())
    for language in LANGUAGES:
        print(f"\n{language}\n{by_class(language)}")
    if options.failures:
        for language, part in itertools.product(LANGUAGES, ("classes", "sentences")):
            show_failures(results(language, part))
    if options.write:
        write()


if __name__ == "__main__":
    main()
