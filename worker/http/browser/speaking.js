// ---- Speaking: asked for, heard while it is made, shown when it is done -----------------------

let live = null; // the Player of the sound that comes
let running = null; // the AbortController of the request

/** What is going on, said politely by a screen reader. */
function say(text) {
  el("state").textContent = text;
}

async function speak() {
  if (running) return;
  stopSound();
  showProblem(null);
  const request = asked();
  const label = el("voice").selectedOptions[0]?.text ?? "";
  const began = performance.now();
  running = new AbortController();
  live = new Player();
  busy(true);
  say("Waiting for the first sound...");
  try {
    const to = target();
    const made = await (to.queue ? heardFromQueue(new Queue(to), request, began) : heard(request, began, to));
    addResult({ ...made, request, label, wholeMs: performance.now() - began });
    say(`Done: ${made.facts.duration.toFixed(2)} s of sound. Play it again below.`);
  } catch (error) {
    if (error.name !== "AbortError") live.stop();
    say(error.name === "AbortError" ? "Stopped." : "");
    if (error.name !== "AbortError") throw error;
  } finally {
    running = null;
    busy(false);
  }
}

/** Plays the events of a stream as they come; gives all of the sound and what is known of it. */
async function heard(request, began, to) {
  const more = { response_format: "pcm", stream_format: "sse", return_word_timings: true };
  const body = speechBody(request, more);
  const response = await ask("/v1/audio/speech", { method: "POST", body, signal: running.signal, to });
  const pieces = [];
  let firstMs = 0;
  for await (const event of eventsOf(response)) {
    if (event.type === "error") throw new Refused(event.error);
    if (event.type === "speech.audio.done") {
      return { samples: joined(pieces), rate: event.result.sample_rate, facts: event.result, firstMs };
    }
    firstMs ||= performance.now() - began;
    pieces.push(samplesOf(bytesOf(event.audio)));
    live.add(pieces.at(-1));
    say(`${live.length.toFixed(1)} s of sound so far...`);
  }
  throw new Refused({ message: "The connection ended before the sound did.", hint: "Speak it again." });
}

/** The events of a `text/event-stream` response, as objects. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      if (event.startsWith("data: ")) yield JSON.parse(event.slice(6));
    }
  }
}

/** "Speak" is not disabled truly: it would lose the keyboard's focus. */
function busy(on) {
  el("speak").setAttribute("aria-disabled", String(on));
  el("stop").disabled = !on && !live;
  el("say").setAttribute("aria-busy", String(on));
}

/** Ends the request that runs and whatever sounds. */
function stopSound() {
  running?.abort();
  live?.stop();
  el("audio").pause();
}
