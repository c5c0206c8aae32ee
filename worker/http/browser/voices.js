// ---- Voices: the library's, and recordings that only this page has ---------------------------

const own = new Map(); // option value to {file, base64, words}

/** Fills the list from the library of `to`, and keeps what is chosen where it is still there. */
async function loadVoices(to = target()) {
  const names = [];
  let page;
  do {
    page = await runJob({ endpoint: "list_voices", ...(names.length ? { after: names.at(-1) } : {}) }, to);
    names.push(...page.voices.map((voice) => voice.name));
  } while (page.truncated && page.voices.length);
  if (to.base !== target().base) return; // another was chosen meanwhile
  const chosen = el("voice").value;
  const recordings = [...own].map(([value, { file }]) => new Option(`${file} (this page)`, value));
  el("voice").replaceChildren(...recordings, ...[...new Set(names)].map((name) => new Option(name)));
  if ([...el("voice").options].some(({ value }) => value === chosen)) el("voice").value = chosen;
  showOwn();
}

/** The recording that is chosen; undefined where it is a voice of the library. */
function chosenRecording() {
  return own.get(el("voice").value);
}

/** Takes a recording (file name, bytes), chooses it and has it checked. */
async function takeRecording(file, bytes) {
  const value = `own:${own.size + 1}`;
  own.set(value, { file, base64: base64Of(bytes), words: "" });
  el("voice").prepend(new Option(`${file} (this page)`, value));
  el("voice").value = value;
  showOwn();
  await checkRecording();
}

function showOwn() {
  const recording = chosenRecording();
  el("own").hidden = !recording;
  el("words").value = recording?.words ?? "";
  el("report").replaceChildren(...(recording?.report ?? []));
  showCode();
}

/** Asks the worker what it thinks of the recording, and shows that in sentences. */
async function checkRecording() {
  const recording = chosenRecording();
  showProblem(null);
  el("report").replaceChildren(line("p", "The recording is being checked..."));
  const words = recording.words ? { ref_text: recording.words } : {};
  const voice = { audio_base64: recording.base64 };
  try {
    const { report } = await runJob({ endpoint: "check_voice", voice, ...words });
    recording.report = reportLines(report);
  } catch (error) {
    recording.report = error.report ? reportLines(error.report) : [];
    showProblem(error);
  }
  if (recording === chosenRecording()) el("report").replaceChildren(...recording.report);
}

const VERDICTS = {
  good: "This recording is good to speak with.",
  doubtful: "This recording can be used, but a better one will sound better.",
  unusable: "This recording cannot be used.",
};

/** A report of `check_voice` as elements: a sentence on each measure, then advice and warnings. */
function reportLines(report) {
  const [from, to] = report.used.map((s) => s.toFixed(1));
  const level = report.loudness_lufs === null ? "" : ` Its level is ${report.loudness_lufs.toFixed(1)} LUFS.`;
  const words = report.words === null
    ? "Its words are not known: write them above."
    : `${report.words} words are known to be said in it, ${report.letters_per_s?.toFixed(1)} letters a second.`;
  const facts = [
    `It has ${report.seconds.toFixed(1)} s; the part from ${from} to ${to} s is used.`,
    report.reason ? `Why that part: ${report.reason.replace(/\.?$/, ".")}` : "",
    `The background is ${report.background_db.toFixed(0)} dB below the voice.${level}`,
    words,
  ];
  const verdict = line("strong", VERDICTS[report.verdict] ?? report.verdict);
  const said = document.createElement("ul");
  said.append(...[...report.advice, ...report.warnings].map((text) => line("li", text)));
  return [verdict, line("p", facts.filter(Boolean).join(" ")), said];
}

/** Stores the chosen recording in the library, and chooses it there. */
async function keepRecording() {
  const { base64, words } = chosenRecording();
  const name = el("name").value.trim();
  const agreed = el("agreed").value.trim();
  const when = new Date().toISOString().slice(0, 10);
  const consent = agreed ? { consent: { who: agreed, when } } : {};
  const voice = { voice_name: name, voice: { audio_base64: base64 } };
  say(`${name} is being stored...`);
  const job = { endpoint: "upload", ...voice, ...(words ? { ref_text: words } : {}), ...consent };
  try {
    await runJob({ ...job, replace: false });
  } catch (error) {
    const asked = `There is a voice ${name} already. Replace it? Its recording is then gone.`;
    if (error.code !== "VOICE_EXISTS" || !confirm(asked)) throw error;
    await runJob({ ...job, replace: true });
  }
  await loadVoices();
  el("voice").value = name;
  showOwn();
  el("voice").focus();
  say(`${name} is in the library.`);
}
