"""Plain words pass through unchanged."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from text.front import TextOptions, prepare
from text.normalise.word_lists import pairs, words

# Words that look like units, numerals, titles, months, abbreviations or numbers.
_WORDS = st.sampled_from(
    """
    a I in am pm may march mar sun sat mon mix civic dim liv vi mild did mm cm kg km oz lb ft mi no
    st dr mr ms etc ex one two three first half dozen pages chapter act part scene book volume
    henry louis queen May June Henry Louis Queen Anna Paris It He She The café naïve façade it's
    don't rock'n'roll well-known e-mail x y z and or plus minus times point dot at slash per cent
    hour second minute mad max art gen rep sen gov col lit is us who it was be so do me we my hi oh
    ok up as an by to of on if
    """.split()  # noqa: SIM905
)
_LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
_SENTENCE = st.builds(
    lambda words, marks, end: " ".join(w + m for w, m in zip(words, marks, strict=False)) + end,
    st.lists(st.one_of(_WORDS, _LETTERS), min_size=1, max_size=12),
    st.lists(st.sampled_from(["", "", "", ",", ";"]), min_size=12, max_size=12),
    st.sampled_from([".", "!", "?", "...", ""]),
)

_CHAPTERS = "|".join(map(re.escape, words("en/chapters")))
_NUMBERED = re.compile(rf"\b(?:{_CHAPTERS}) [ivxl]{{2,}}\b", re.IGNORECASE)
_FORMS = "|".join(re.escape(form[:-1]) for form in pairs("en/short_forms") if form.endswith("."))
_SHORT = re.compile(rf"\b({_FORMS})\.")


@given(_SENTENCE)
def test_words_stay_as_they_are(text: str) -> None:
    assume(not _NUMBERED.search(text))  # "chapter liv" is chapter fifty-four
    # "ft Anna" is featuring Anna, "per in." per inch, "vs" versus.
    assume(not re.search(r"\bft [A-Z]|\bvs\b|\bper (?:cm|mm|km|kg|oz|lb|ft|mi|in)\b", text))
    plain = _SHORT.sub(r"\1!", text)  # "etc." and what random letters happen to be
    assert prepare(plain, TextOptions(language="en")).lines[0].text == plain


@given(_SENTENCE)
def test_in_other_languages_too(text: str) -> None:
    for language in ("de", "es", "it"):
        plain = text.rstrip(".")  # "vs." is a short form in German as well
        assert prepare(plain, TextOptions(language=language)).lines[0].text == plain
