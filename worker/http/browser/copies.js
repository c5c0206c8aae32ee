// ---- The same request as a job, for curl, for Python; never with the key ----------------------

/** What the fields say now, by names that jobs and `/v1/audio/speech` share. */
function asked() {
  const recording = chosenRecording();
  const seed = el("seed").value.trim();
  return {
    text: el("text").value,
    voice: recording ? { audio_base64: recording.base64 } : el("voice").value,
    ...(recording?.words ? { ref_text: recording.words } : {}),
    quality: el("quality").value,
    ...(el("speed").value.trim() === "1" ? {} : { speed: numberOr(el("speed").value) }),
    ...(seed ? { seed: numberOr(seed) } : {}),
  };
}

/** A number where it is one; else the text, for the server to refuse by name. */
function numberOr(text) {
  return text.trim() && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The body of `/v1/audio/speech`. */
function speechBody({ text, ...rest }, more) {
  return { input: text, ...rest, ...more };
}

const COPIES = { job: jobJson, curl: curlCommand, python: pythonProgram };
const RECORDING = "@RECORDING@";

function jobJson(request) {
  return JSON.stringify({ input: { ...request, return_word_timings: true } }, null, 2);
}

/** Needs `base64` for a recording of one's own, which must lie beside it. */
function curlCommand(request) {
  const json = JSON.stringify(speechBody(fileNamed(request), { response_format: "mp3" }), null, 2);
  const file = chosenRecording()?.file ?? "";
  const quoted = json.replace(/[\\$`]/g, "\\$&").replace(RECORDING, () => `$(base64 -w0 ${shell(file)})`);
  const lines = [`curl -sS --fail-with-body ${shell(`${serverAddress()}/v1/audio/speech`)}`];
  if (el("key").value) lines.push('-H "Authorization: Bearer $F5_KEY"');
  lines.push('-H "Content-Type: application/json" -o speech.mp3 -d @- <<END');
  return `${lines.join(" \\\n  ")}\n${quoted}\nEND`;
}

function shell(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function pythonProgram(request) {
  const json = JSON.stringify(speechBody(fileNamed(request), { response_format: "mp3" }));
  const recording = chosenRecording();
  const key = el("key").value ? `\nheaders["Authorization"] = f"Bearer {os.environ['F5_KEY']}"` : "";
  const read = `base64.b64encode(open(${JSON.stringify(recording?.file)}, "rb").read()).decode()`;
  const voice = recording ? `\nbody["voice"] = {"audio_base64": ${read}}` : "";
  return `import base64, json, os
from urllib.request import Request, urlopen

body = json.loads(${JSON.stringify(json)})${voice}
headers = {"Content-Type": "application/json"}${key}
request = Request(${JSON.stringify(`${serverAddress()}/v1/audio/speech`)}, json.dumps(body).encode(), headers)
with urlopen(request) as answer, open("speech.mp3", "wb") as file:
    file.write(answer.read())`;
}

/** With a mark in place of a recording, which is read from its file. */
function fileNamed(request) {
  return chosenRecording() ? { ...request, voice: { audio_base64: RECORDING } } : request;
}

function codeNow() {
  return COPIES[el("kind").value](asked());
}

/** Shows the code; a recording's base64 is shortened here, and whole in what is copied. */
function showCode() {
  el("code").textContent = codeNow().replace(/[A-Za-z0-9+/=]{400,}/g, (all) => `${all.slice(0, 40)}... (${all.length} letters)`);
}

async function copyCode() {
  if (!navigator.clipboard) {
    const hint = "Select the code and copy it by hand.";
    throw new Refused({ message: "A browser gives the clipboard to https and this machine only.", hint });
  }
  await navigator.clipboard.writeText(codeNow());
  el("copied").textContent = "Copied.";
}
