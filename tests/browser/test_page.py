"""The page at `/`, in a real browser: a voice taken, a text heard, what fails shown."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import soundfile

from standins.browser import Browser, Keys
from standins.http_face import Face
from standins.waiting import until

LONG = (
    "When the rain had stopped, we walked down to the river and looked for the old boat. "
    "It lay there, half under water, as it had for years. Nobody had come for it."
)


def speak(page: Browser, text: str) -> None:
    page.fill("#text", text)
    page.click("#speak")
    page.until_text("#state", "Done")


def upload(page: Browser, path: Path, words: str = "This is what Ada says.") -> None:
    page.type("#file", str(path))
    page.until_text("#report", "This recording")
    page.type("#words", words + Keys.TAB)
    page.until_text("#report", "words are known")


def test_an_uploaded_voice_speaks_a_sentence_that_is_heard_while_it_is_made(
    page: Browser, recording: Path
) -> None:
    page.type("#file", str(recording))
    report = page.until_text("#report", "This recording")
    assert "Its words are not known" in report
    page.type("#words", "This is what Ada says." + Keys.TAB)
    assert "5 words are known" in page.until_text("#report", "words are known")
    speak(page, LONG)
    assert page.run("return live.pieces.length") > 1
    made = base64.b64decode(page.run("return base64Of(wavOf(results[0].samples, results[0].rate))"))
    samples, rate = soundfile.read(io.BytesIO(made))
    facts = page.run("return results[0].facts")
    assert rate == 24000
    assert abs(len(samples) / rate - facts["duration"]) < 0.01
    assert facts["duration"] > 3
    assert -50 < 20 * np.log10(np.sqrt(np.mean(samples**2))) < -5
    until(lambda: page.run("return el('audio').duration"))
    assert abs(page.run("return el('audio').duration") - facts["duration"]) < 0.01
    assert f"{facts['duration']:.2f} s by ada's voice.wav" in page.text("#facts")
    assert page.complaints() == []


def test_the_word_that_is_heard_is_marked(page: Browser) -> None:
    speak(page, LONG)
    assert page.text("#along").split() == LONG.split()
    start = next(
        w["start"] for w in page.run("return results[0].facts.words") if w["text"] == "rain"
    )
    page.run(  # slowly: a machine under load draws few frames a second
        "live.stop(); const audio = el('audio'); audio.muted = true; audio.playbackRate = 0.1;"
        "audio.currentTime = arguments[0]; return audio.play()",
        start,
    )
    seen = "return document.querySelector('#along [aria-current]')?.textContent"
    until(lambda: page.run(seen) == "rain")
    page.run("el('audio').pause()")
    until(lambda: page.run(seen) is None)


def test_both_pictures_show_the_sound(page: Browser) -> None:
    speak(page, "Good morning!")
    for picture in ("wave", "mel"):
        colours = page.run(
            f"const c = el('{picture}'); const d = c.getContext('2d').getImageData(0, 0, c.width, "
            "c.height).data; return new Set(new Uint32Array(d.buffer)).size"
        )
        assert colours > 1
    role, name = page.told("#mel")
    assert role in ("img", "image") and name.startswith("Mel spectrogram of ")


def test_a_level_tone_has_one_band_in_the_mel_picture(page: Browser) -> None:
    """The transform finds 1 kHz where it is: of 80 bands from 0 to 12 kHz, the 24th."""
    loudest = page.run(
        "const tone = Float32Array.from({length: 4096}, (_, i) => Math.sin(2 * Math.PI * i / 24));"
        "const levels = melColumn(tone, 2048, melBands(24000));"
        "return levels.indexOf(Math.max(...levels))"
    )
    mel = 80 * np.log10(1 + 1000 / 700) / np.log10(1 + 12000 / 700)
    assert loudest == int(mel)


def test_wrong_input_is_shown_as_the_api_states_it(page: Browser, face: Face) -> None:
    page.fill("#speed", "fast")
    page.click("#speak")
    shown = page.until_text("#problem", "INVALID_INPUT")
    told = face.ask("POST", "/v1/audio/speech", {"input": "Hello.", "speed": "fast"}).json["error"]
    assert told["message"] in shown and told["hint"] in shown
    assert page.told("#problem")[0] == "alert"
    page.fill("#speed", "1")
    speak(page, "Good morning!")
    assert page.text("#problem") == ""


def test_a_recording_that_cannot_be_used_says_why(page: Browser, tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(96000), 24000)
    page.type("#file", str(silence))
    assert "VOICE_UNUSABLE" in page.until_text("#problem", "VOICE")


def test_a_recording_from_the_microphone_is_checked(page: Browser) -> None:
    page.click("#record")
    page.until_text("#state", "Recording")
    assert page.run("return el('record').getAttribute('aria-pressed')") == "true"
    begun = page.run("return performance.now()")
    until(lambda: page.run("return performance.now()") > begun + 3500)
    page.click("#record")
    assert " s; the part from" in page.until_text("#report", "It has")
    assert "recording-1.wav" in page.text("#voice")


def test_a_recording_is_kept_in_the_library(page: Browser, face: Face, recording: Path) -> None:
    upload(page, recording)
    page.click("#own summary")
    page.type("#name", "Countess")
    page.type("#agreed", "Ada L." + Keys.ENTER)
    page.until_text("#state", "Countess is in the library")
    kept = face.ask("GET", "/v1/audio/voices/Countess").json
    assert kept["record"]["consent"]["who"] == "Ada L."
    assert page.value("#voice") == "Countess"
    speak(page, "Good morning!")
    assert page.run("return results[0].facts.voice") == "Countess"


def test_a_voice_of_the_library_is_replaced_only_where_its_owner_says_so(
    page: Browser, face: Face, recording: Path
) -> None:
    question = "There is a voice Duchess already. Replace it? Its recording is then gone."
    upload(page, recording)
    page.run("window.questions = []; window.confirm = (text) => questions.push(text) > 1")
    page.click("#own summary")
    page.type("#name", "Duchess")
    page.click("#keep")
    page.until_text("#state", "Duchess is in the library")
    assert page.run("return questions") == []
    kept = face.ask("GET", "/v1/audio/voices/Duchess").json
    page.run("el('voice').value = 'own:1'; showOwn(); el('keep').click()")
    assert page.until_text("#problem", "VOICE_EXISTS").startswith("There is a voice 'Duchess'")
    assert page.run("return questions") == [question]
    assert face.ask("GET", "/v1/audio/voices/Duchess").json == kept
    page.run("showProblem(null); say(''); el('keep').click()")
    page.until_text("#state", "Duchess is in the library")
    assert page.run("return questions") == [question, question]
    assert page.text("#problem") == ""


def test_earlier_results_come_back(page: Browser) -> None:
    for text in ("One.", "Two, and more."):
        speak(page, text)
    assert page.text("#along") == "Two, and more."
    page.click("#history li:nth-child(2) button")
    assert page.text("#along") == "One."
    assert page.focused() == "result-title"


def test_a_text_is_stopped(page: Browser, face: Face) -> None:
    page.fill("#text", LONG * 20)
    page.click("#speak")
    page.click("#stop")
    page.until_text("#state", "Stopped")
    until(lambda: face.metric("running") == 0)
    assert page.text("#result") == ""
