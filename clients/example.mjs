// Four ways to use the endpoint from Node 18 or later; no dependencies.
//
//   export RUNPOD_API_KEY=... RUNPOD_ENDPOINT_ID=...
//   node clients/example.mjs sync "Good morning!" good-morning.wav
//   node clients/example.mjs run "A text of any length."
//   node clients/example.mjs stream "One. [pause:0.3] Two. [pause:0.3] Three."
//   node clients/example.mjs cancel "Too long."

import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const { RUNPOD_API_KEY, RUNPOD_ENDPOINT_ID, RUNPOD_ENDPOINT_BASE_URL } = process.env;
const endpoint = `${RUNPOD_ENDPOINT_BASE_URL ?? "https://api.runpod.ai/v2"}/${RUNPOD_ENDPOINT_ID}`;
const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];

// One call; waits and tries again when the platform is busy (429).
async function call(method, path, body) {
  for (let wait = 500; ; wait *= 2) {
    const answer = await fetch(`${endpoint}/${path}`, {
      method,
      headers: { Authorization: `Bearer ${RUNPOD_API_KEY}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (answer.ok) return answer.json();
    if (answer.status !== 429 || wait > 30_000) {
      throw new Error(`${method} ${path}: status ${answer.status}`);
    }
    await sleep(wait);
  }
}

// The output of a job that has ended, or an error that says what to do.
function output(job) {
  if (job.status === "COMPLETED") return job.output;
  throw new Error(`${job.output?.error_code ?? job.status}: ${job.error ?? "no reason given"}`);
}

async function finished(job) {
  while (!FINAL.includes(job.status)) {
    await sleep(1000);
    job = await call("GET", `status/${job.id}`);
  }
  return output(job);
}

const ways = {
  // For short texts: the answer is the result, or the job's status after five minutes.
  async sync(text, file = "speech.wav") {
    const input = { text, return_audio: true };
    const result = await finished(await call("POST", "runsync?wait=300000", { input }));
    const audio = result.audio_base64
      ? Buffer.from(result.audio_base64, "base64")
      : Buffer.from(await (await fetch(result.audio_url)).arrayBuffer());
    await writeFile(file, audio);
    console.log(`${file}: ${result.duration} s, seed ${result.seed}`);
  },

  async run(text) {
    const job = await call("POST", "run", { input: { text } });
    console.log(`job ${job.id}`);
    const result = await finished(job);
    console.log(`${result.duration} s at ${result.audio_url}`);
  },

  // Each chunk as soon as it is spoken; play each from its `start`.
  async stream(text) {
    const { id } = await call("POST", "run", { input: { text, stream: true } });
    for (;;) {
      const { status, stream } = await call("GET", `stream/${id}`);
      for (const { output: chunk } of stream) {
        console.log(`chunk ${chunk.index}: ${chunk.start} to ${chunk.end} s at ${chunk.audio_url}`);
      }
      if (stream.length === 0) {
        if (FINAL.includes(status)) break;
        await sleep(500);
      }
    }
    output(await call("GET", `status/${id}`));
  },

  async cancel(text) {
    const { id } = await call("POST", "run", { input: { text } });
    console.log((await call("POST", `cancel/${id}`)).status);
  },
};

const [way, text, ...rest] = process.argv.slice(2);
if (!RUNPOD_API_KEY || !RUNPOD_ENDPOINT_ID || !(way in ways) || !text) {
  console.error("usage: RUNPOD_API_KEY=... RUNPOD_ENDPOINT_ID=... node example.mjs "
    + `${Object.keys(ways).join("|")} TEXT [FILE]`);
  process.exit(2);
}
try {
  await ways[way](text, ...rest);
} catch (error) {
  console.error([error.message, error.cause?.message].filter(Boolean).join(": "));
  process.exit(1);
}
