"""How pieces meet: f5-tts's cross-fade, and pauses from sound to sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from worker.audio.joins import CrossFade, Joins, NaturalJoins, Piece, Placed, join, join_all, spans
from worker.audio.loudness import loudness

RATE = 8000
VOICES = [None, "anna", "ben"]
LOUDEST = 0.5


def tone(seconds: float, level: float = 0.2, hertz: float = 200) -> NDArray[np.float32]:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(
        "f4"
    )


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def said(
    before_s: float, sound_s: float, after_s: float, level: float = 0.2
) -> NDArray[np.float32]:
    """Sound between silences; the tone starts and ends away from zero."""
    return np.concatenate([silence(before_s), tone(sound_s, level), silence(after_s)])


@st.composite
def samples(draw: st.DrawFn) -> NDArray[np.float32]:
    """Any piece: empty, silent, of a few samples, cut at full level, or as speech is."""
    edges = st.sampled_from([0.0, 0.001, 0.02, 0.3, 1.0])
    if draw(st.booleans()):
        return said(
            draw(edges), draw(st.floats(0.01, 2)), draw(edges), draw(st.floats(0.01, LOUDEST))
        )
    few = draw(st.lists(st.floats(-LOUDEST, LOUDEST, width=32), max_size=200))
    return np.array(few, dtype=np.float32)


PIECES = st.lists(
    st.builds(Piece, samples(), st.sampled_from([0.0, 0.01, 0.25, 3.0]), st.sampled_from(VOICES)),
    max_size=6,
)
RULES: list[Callable[[], Joins]] = [
    lambda: NaturalJoins(RATE),
    lambda: CrossFade(RATE, 0.15),
    lambda: CrossFade(RATE, 0.0),
]


@pytest.mark.parametrize("rule", RULES, ids=["natural", "cross-fade", "no fade"])
@given(pieces=PIECES)
def test_a_stream_and_the_whole_have_the_same_places(
    rule: Callable[[], Joins], pieces: list[Piece]
) -> None:
    whole, places = join_all(rule(), pieces)
    one_by_one = rule()
    for piece, place in zip(pieces, places, strict=True):
        placed = one_by_one.put(*piece)
        assert (placed.start, placed.overlap) == (place.start, place.overlap)
        assert np.array_equal(placed.samples, place.samples)
    assert whole.dtype == np.float32
    assert len(whole) == max((place.end for place in places), default=0)
    assert all(place.start >= 0 for place in places)


def f5_tts(waves: Sequence[NDArray[np.float32]], fade_s: float) -> NDArray[np.float64]:
    """The join of `infer_batch_process` (f5-tts 1.1), as it describes it."""
    whole = waves[0].astype(np.float64)
    for wave in waves[1:]:
        length = min(int(fade_s * RATE), len(whole), len(wave))
        rise = np.linspace(0, 1, length)
        fall = np.linspace(1, 0, length)
        crossed = whole[len(whole) - length :] * fall + wave[:length] * rise
        whole = np.concatenate([whole[: len(whole) - length], crossed, wave[length:]])
    return whole


@given(waves=st.lists(samples(), min_size=1, max_size=5), fade_s=st.sampled_from([0.0, 0.1, 1.0]))
def test_the_cross_fade_is_f5_tts_s(waves: list[NDArray[np.float32]], fade_s: float) -> None:
    joined, places = join_all(CrossFade(RATE, fade_s), [Piece(wave) for wave in waves])
    assert np.allclose(joined, f5_tts(waves, fade_s), atol=1e-7)
    assert all(place.samples is wave for place, wave in zip(places, waves, strict=True))


@pytest.mark.parametrize("rule", RULES, ids=["natural", "cross-fade", "no fade"])
@given(pieces=PIECES)
def test_a_piece_s_own_span_holds_its_sound(rule: Callable[[], Joins], pieces: list[Piece]) -> None:
    _, placed = join_all(rule(), pieces)
    own = spans(placed)
    for piece, (start, end) in zip(placed, own, strict=True):
        assert piece.start == start <= end <= piece.end
    if rule is RULES[0]:
        assert all(left[1] <= right[0] for left, right in pairwise(own))
        for piece, (start, end) in zip(placed, own, strict=True):
            assert not np.any(np.abs(piece.samples[end - start :]) > 1e-3)
    else:
        assert [end for _, end in own] == [piece.end for piece in placed]


def test_a_pause_after_a_cross_fade_is_added_to_what_the_pieces_hold() -> None:
    pieces = [Piece(said(0.1, 1, 0.1)), Piece(said(0.1, 1, 0.1), 0.5)]
    _, places = join_all(CrossFade(RATE, 0.15), pieces)
    assert places[1].start == len(pieces[0].samples) + RATE // 2
    assert places[1].overlap == 0


# From here on: NaturalJoins.


def sounds(placed: Sequence[Placed]) -> list[tuple[int, int]]:
    """Where each piece is heard on the axis, by its own samples; pieces of no sound left out."""
    found = []
    for piece in placed:
        heard = np.flatnonzero(np.abs(piece.samples) > 1e-3)
        if len(heard):
            found.append((piece.start + int(heard[0]), piece.start + int(heard[-1]) + 1))
    return found


@given(pieces=PIECES)
def test_no_sound_lies_over_another(pieces: list[Piece]) -> None:
    _, placed = join_all(NaturalJoins(RATE), pieces)
    assert all(left[1] <= right[0] for left, right in pairwise(sounds(placed)))
    assert all(left.start <= right.start for left, right in pairwise(placed))


@pytest.mark.parametrize("pause_s", [0.1, 0.25, 1.0, 8.0])
@pytest.mark.parametrize("after_s", [0.0, 0.03, 0.4, 1.5])
@pytest.mark.parametrize("before_s", [0.0, 0.04, 0.3, 1.5])
@pytest.mark.parametrize("voice", ["anna", "ben"])
def test_a_pause_is_as_long_as_asked_for_from_sound_to_sound(
    pause_s: float, after_s: float, before_s: float, voice: str
) -> None:
    pieces = [Piece(said(0, 1, after_s), 0, "anna"), Piece(said(before_s, 1, 0), pause_s, voice)]
    _, placed = join_all(NaturalJoins(RATE), pieces)
    (_, end), (start, _) = sounds(placed)
    assert (start - end) / RATE == pytest.approx(pause_s, abs=0.015)


@pytest.mark.parametrize("noise_db", [-36, -44, -60])
def test_the_background_of_a_recorded_voice_is_silence(noise_db: float) -> None:
    """Its hiss between the words, in dB below them, counts toward the pause."""
    rng = np.random.default_rng(5)
    edge_s = 0.1
    piece = said(edge_s, 1, edge_s)
    hiss = rng.standard_normal(len(piece)) * 0.14 * 10 ** (noise_db / 20)
    pieces = [Piece((piece + hiss).astype(np.float32), 0.3)] * 2
    _, placed = join_all(NaturalJoins(RATE), pieces)
    distance = placed[1].start - placed[0].start
    assert distance / RATE == pytest.approx(1 + 0.3, abs=0.015)


def test_a_sentence_that_goes_on_keeps_a_breath_of_silence() -> None:
    """What is there beyond 0.05 s is faded over, at most 0.15 s of it."""
    for edge_s, pause_s in [(0.0, 0.0), (0.01, 0.02), (0.025, 0.05), (0.08, 0.05), (0.3, 0.45)]:
        _, placed = join_all(NaturalJoins(RATE), [Piece(said(edge_s, 1, edge_s))] * 2)
        (_, end), (start, _) = sounds(placed)
        assert (start - end) / RATE == pytest.approx(pause_s, abs=0.015), edge_s


@pytest.mark.parametrize("edge_s", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("voices", [("anna", "ben"), ("anna", None), (None, "ben")])
def test_pieces_of_different_voices_never_overlap_by_themselves(
    edge_s: float, voices: tuple[str | None, str | None]
) -> None:
    pieces = [Piece(said(edge_s, 1, edge_s), 0, voice) for voice in voices]
    _, placed = join_all(NaturalJoins(RATE), pieces)
    assert placed[1].overlap == 0
    assert placed[1].start == len(pieces[0].samples)


@pytest.mark.parametrize("between", [silence(0), silence(0.02), silence(2), tone(0.2, 1e-6)])
def test_a_piece_without_sound_keeps_its_pause(between: NDArray[np.float32]) -> None:
    pieces = [Piece(said(0, 1, 0)), Piece(between, 0.5), Piece(said(0, 1, 0), 3.0)]
    _, placed = join_all(NaturalJoins(RATE), pieces)
    (_, end), (start, _) = sounds(placed)
    assert (start - end) / RATE == pytest.approx(3.5, abs=0.015)


def test_a_pause_before_the_first_word_counts_its_silence() -> None:
    first = NaturalJoins(RATE).put(said(0.1, 1, 0), 0.5)
    assert first.start == round(0.4 * RATE)
    assert NaturalJoins(RATE).put(said(0.9, 1, 0), 0.5).start == 0


@given(pieces=PIECES)
def test_no_join_clicks(pieces: list[Piece]) -> None:
    """No step from sample to sample is larger than the pieces have themselves, but for the fades.

    A fade over n samples adds at most the piece's peak / n to each of its steps.
    """
    whole, placed = join_all(NaturalJoins(RATE), pieces)
    inside = max((np.abs(np.diff(p.samples)).max(initial=0) for p in placed), default=0.0)
    assert np.abs(np.diff(whole, prepend=0, append=0)).max(initial=0) <= inside + LOUDEST * 0.01
    steps = [np.abs(np.diff(piece.samples)).max(initial=0) for piece in pieces]
    longer = all(len(piece.samples) > 200 or not len(piece.samples) for piece in pieces)
    if longer and pieces:  # a piece of a few samples is all fade
        gains = 10 ** (1 / 20 * len(pieces)) * LOUDEST / 0.01  # the largest that may be
        assert inside <= gains * (max(steps) + LOUDEST / (0.003 * RATE))


@given(piece=samples())
def test_every_piece_begins_and_ends_in_silence_and_loses_nothing_between(
    piece: NDArray[np.float32],
) -> None:
    placed = NaturalJoins(RATE).put(piece)
    assert len(placed.samples) == len(piece)
    if len(piece):
        assert placed.samples[0] == placed.samples[-1] == 0
    rise, fall = round(0.003 * RATE), round(0.008 * RATE)
    assert np.array_equal(placed.samples[rise:-fall], piece[rise:-fall])
    assert np.all(np.abs(placed.samples) <= np.abs(piece))


def test_the_caller_keeps_its_samples() -> None:
    piece = tone(1)
    kept = piece.copy()
    joins = NaturalJoins(RATE)
    for level in (1, 3):
        joins.put(piece * level)
    join_all(joins, [Piece(piece), Piece(piece)])
    assert np.array_equal(piece, kept)


def level_of(placed: Placed) -> float:
    measured = loudness(placed.samples, RATE)
    assert measured is not None
    return measured


@given(levels=st.lists(st.floats(0.01, 0.5), min_size=2, max_size=6))
def test_neighbours_of_one_voice_differ_by_at_most_1_lu(levels: list[float]) -> None:
    pieces = [Piece(said(0.03, 2, 0.03, level), 0.25, "anna") for level in levels]
    _, placed = join_all(NaturalJoins(RATE), pieces)
    for left, right in pairwise(placed):
        assert abs(level_of(left) - level_of(right)) <= 1.05
    assert all(np.abs(piece.samples).max() <= 1 for piece in placed)


def test_small_differences_and_other_voices_are_left_alone() -> None:
    for voice, level in [("anna", 0.21), ("ben", 0.02)]:
        pieces = [
            Piece(said(0.1, 2, 0.1), 0.25, "anna"),
            Piece(said(0.1, 2, 0.1, level), 0.25, voice),
        ]
        _, placed = join_all(NaturalJoins(RATE), pieces)
        assert np.abs(placed[1].samples).max() == pytest.approx(level, rel=1e-3)


def test_a_piece_is_not_made_so_loud_that_it_clips() -> None:
    for peak, expected in [(0.3, 0.999), (0.95, 0.999), (1.9, 1.9)]:  # 1.9 came too loud already
        soft = tone(2, 0.05)
        soft[RATE] = peak
        joins = NaturalJoins(RATE)
        joins.put(tone(2, 0.5))
        heard = float(np.abs(joins.put(soft).samples).max())
        assert heard == pytest.approx(expected, rel=1e-3)


def test_what_is_too_short_to_be_measured_keeps_its_level() -> None:
    joins = NaturalJoins(RATE)
    joins.put(tone(2, 0.5))
    short = tone(0.3, 0.1)
    assert np.abs(joins.put(short).samples).max() == pytest.approx(0.1, rel=1e-3)
    assert level_of(joins.put(tone(2, 0.5))) == pytest.approx(
        level_of(Placed(0, 0, tone(2, 0.5))), abs=0.1
    )


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 3e38])
def test_broken_samples_come_through_for_the_check_to_find(wrong: float) -> None:
    broken = tone(1)
    broken[100] = wrong
    whole, placed = join_all(NaturalJoins(RATE), [Piece(tone(1)), Piece(broken), Piece(tone(1))])
    assert len(placed) == 3
    assert np.array_equal(np.isfinite(whole).all(), np.isfinite(wrong))


def test_nothing_joined_is_nothing() -> None:
    assert len(join([])) == 0
