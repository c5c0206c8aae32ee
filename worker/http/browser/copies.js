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

/** Where the request goes as a program sends it: address, body, the file for its answer, the key's variable. */
function sent(request) {
  const { queue, base } = target();
  const named = fileNamed(request);
  const body = speechBody(named, { response_format: "mp3" });
  if (!queue) return { url: `${base}/v1/audio/speech`, body, file: "speech.mp3", key: "F5_KEY" };
  const input = { ...named, output_format: "mp3", return_audio: true };
  return { url: `${base}/runsync?wait=300000`, body: { input }, file: "answer.json", key: "RUNPOD_API_KEY" };
}

/** Needs `base64` for a recording of one's own, which must lie beside it. */
function curlCommand(request) {
  const { url, body, file, key } = sent(request);
  const own = chosenRecording()?.file ?? "";
  const json = JSON.stringify(body, null, 2).replace(/[\\$`]/g, "\\$&");
  const quoted = json.replace(RECORDING, () => `$(base64 -w0 ${shell(own)})`);
  const lines = [`curl -sS --fail-with-body ${shell(url)}`];
  if (needsKey()) lines.push(`-H "Authorization: Bearer $${key}"`);
  lines.push(`-H "Content-Type: application/json" -o ${file} -d @- <<END`);
  return `${lines.join(" \\\n  ")}\n${quoted}\nEND`;
}

function needsKey() {
  return target().queue || el("key").value !== "";
}

function shell(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function pythonProgram(request) {
  const { url, body, key } = sent(request);
  const { queue, base } = target();
  const recording = chosenRecording();
  const send = needsKey() ? `\nheaders["Authorization"] = f"Bearer {os.environ['${key}']}"` : "";
  const read = `base64.b64encode(open(${JSON.stringify(recording?.file)}, "rb").read()).decode()`;
  const voice = recording ? `\nbody${queue ? '["input"]' : ""}["voice"] = {"audio_base64": ${read}}` : "";
  return `import base64, json, os, time
from urllib.request import Request, urlopen

body = json.loads(${JSON.stringify(JSON.stringify(body))})${voice}
headers = {"Content-Type": "application/json"}${send}
request = Request(${JSON.stringify(url)}, json.dumps(body).encode(), headers)
${queue ? queueEnd(base) : PLAIN_END}`;
}

const PLAIN_END = `with urlopen(request) as answer, open("speech.mp3", "wb") as file:
    file.write(answer.read())`;

/** The lines of a program that wait for a job, and write its sound. */
function queueEnd(base) {
  return `job = json.load(urlopen(request))
while job["status"] in ("IN_QUEUE", "IN_PROGRESS"):
    time.sleep(1)
    job = json.load(urlopen(Request(${JSON.stringify(`${base}/status/`)} + job["id"], headers=headers)))
output = job.get("output") or {}
if job["status"] != "COMPLETED" or "error" in output:
    raise SystemExit(job.get("error") or output.get("error") or job["status"])
if "audio_base64" not in output:
    raise SystemExit(f"The sound is too large for an answer: {output['audio_url']}")
open("speech.mp3", "wb").write(base64.b64decode(output["audio_base64"]))`;
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
