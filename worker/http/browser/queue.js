// ---- A RunPod queue: jobs sent, followed and cancelled as the clients in clients/ do ----------

const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];
const MOST_SENT = 10e6; // bytes of a job, as RunPod documents it
const POLL_MS = 500;
const PROGRESS_MS = 2000; // how often /status is asked beside /stream
const PATIENCE_MS = 16000; // the longest wait for an API that is busy or gone for a moment

/** The jobs of one endpoint, asked with the address and key of a `target()` to their end. */
class Queue {
  constructor(to) {
    this.to = to;
  }

  /** The JSON answer to a request; tried again while the API is busy, and where it only reads, while it is gone. */
  async call(path, { body, signal, method = "GET", ...more } = {}) {
    for (let wait = POLL_MS; ; wait *= 2) {
      try {
        return await (await ask(path, { body, signal, method, to: this.to, ...more })).json();
      } catch (error) {
        const gone = method === "GET" && error instanceof Refused && (error.status === 0 || error.status >= 500);
        if (wait > PATIENCE_MS || !(gone || error.status === 429)) throw error;
      }
      await passed(wait, signal);
    }
  }

  /** Sends a job; gives its id. Nothing cuts this off: a job whose id is not known cannot be cancelled. */
  async submit(input) {
    const size = new Blob([JSON.stringify({ input })]).size;
    if (size > MOST_SENT) {
      const message = `The job has ${(size / 1e6).toFixed(1)} MB, and RunPod's queue takes ${MOST_SENT / 1e6} MB.`;
      throw new Refused({ message, hint: "Take a shorter recording: 5 to 12 s are enough." });
    }
    return (await this.call("/run", { method: "POST", body: { input } })).id;
  }

  /** Runs a job to its end; gives its output. An abort of `signal` cancels it. */
  async run(input, signal) {
    const id = await this.submit(input);
    return this.held(id, async () => {
      let job = {};
      while (!FINAL.includes(job.status)) {
        await passed(POLL_MS, signal);
        job = await this.call(`/status/${id}`, { signal });
      }
      return job;
    });
  }

  /** The output of a job that `follow` sees to its end; where that fails the job is cancelled. */
  async held(id, follow) {
    let job;
    const leave = () => this.cancel(id, { keepalive: true }).catch(() => {});
    addEventListener("pagehide", leave);
    try {
      job = await follow();
    } catch (error) {
      await this.cancel(id).catch(({ message }) => {
        const hint = `Job ${id} could not be cancelled, and may run to its end and cost: see RunPod's console.`;
        throw new Refused({ message: error.name === "AbortError" ? message : error.message, hint });
      });
      throw error;
    } finally {
      removeEventListener("pagehide", leave);
    }
    return outputOf(job);
  }

  cancel(id, more) {
    return this.call(`/cancel/${id}`, { method: "POST", ...more });
  }

  /** Follows the stream of a job: hands each chunk to `take`, each state with its progress to `tell`; gives the state
   *  in which it ended. */
  async stream(id, { take, tell, signal }) {
    let told = 0;
    for (;;) {
      const { status, stream = [] } = await this.call(`/stream/${id}`, { signal });
      for (const { output } of stream) await take(output);
      if (!stream.length && FINAL.includes(status)) return this.call(`/status/${id}`, { signal });
      if (performance.now() > told + PROGRESS_MS) {
        tell(await this.call(`/status/${id}`, { signal }));
        told = performance.now();
      }
      if (!stream.length) await passed(POLL_MS, signal);
    }
  }
}

/** Waits `ms`; throws at once where `signal` is aborted. */
function passed(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal?.aborted) return stop();
    signal?.addEventListener("abort", stop, { once: true });
    setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
  });
}

/** As `heard`, over a queue: each chunk is heard when it is whole, and the result is stored there. */
async function heardFromQueue(queue, request, began) {
  const sound = { return_audio: true, output_format: "flac" };
  const words = { return_word_timings: true, timing_format: "json" };
  const { signal } = running;
  say("The job is being sent...");
  const id = await queue.submit({ ...request, ...sound, ...words, stream: true });
  const pieces = [];
  let firstMs = 0;
  let whole = false; // whether every chunk was heard
  let next = 0;
  const take = async (chunk) => {
    const samples = await soundOf(chunk);
    whole = samples !== null && chunk.index === next++ && chunk.last;
    if (!samples) return;
    firstMs ||= performance.now() - began;
    pieces.push(placed(samples, chunk.start));
    if (pieces.at(-1).length) live.add(pieces.at(-1));
  };
  const facts = await queue.held(id, () => queue.stream(id, { take, tell: showProgress, signal }));
  const inside = facts.audio_base64 ? await soundOf(facts) : null;
  const samples = inside ?? (whole ? joined(pieces) : await soundOf({ audio_url: facts.audio_url }));
  if (!samples) {
    const hint = `Take it from ${facts.audio_url ?? facts.s3_key}, or say the text in parts.`;
    throw new Refused({ message: "The sound is too large for an answer, and this page may not read it where it lies.", hint });
  }
  firstMs ||= performance.now() - began;
  if (!pieces.length) live.add(samples);
  await addWords(queue, id, facts, signal);
  return { samples, rate: RATE, facts, firstMs };
}

/** What a job's state says, in words; the same words are not said again. */
function showProgress({ status, output }) {
  const far = output?.chunks ? `${output.chunks_done} of ${output.chunks} parts are made` : "A worker has it";
  const left = output?.seconds_left ? `, ${Math.ceil(output.seconds_left)} s are left` : "";
  const queued = "In the queue: a worker takes it when one is free. One that must start first needs some minutes.";
  say(status === "IN_QUEUE" ? queued : FINAL.includes(status) ? el("state").textContent : `${far}${left}...`);
}

/** What follows what was heard so far, from `start` s on: with the pause before it, without what overlaps. */
function placed(samples, start) {
  const gap = Math.round((start - live.length) * RATE);
  return gap > 0 ? joined([new Float32Array(gap), samples]) : samples.subarray(-gap);
}

/** The samples, at `RATE`, of an answer or chunk with a sound in it or at its URL; null where that cannot be read. */
async function soundOf({ audio_base64: inside, audio_url: url }) {
  try {
    const bytes = inside ? bytesOf(inside).buffer : await elsewhere(url);
    return (await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes)).getChannelData(0);
  } catch {
    return null;
  }
}

async function elsewhere(url) {
  const response = await fetch(new URL(url), { credentials: "omit" });
  if (!response.ok) throw new Error(response.status);
  return response.arrayBuffer();
}

/** Reads the times of words, which a queue stores beside the sound; without them segments are shown. */
async function addWords(queue, id, facts, signal) {
  say("The sound is made; the times of its words are being asked for...");
  const file = { endpoint: "download", job_id: id, kind: "timing", format: "json", return_audio: true };
  try {
    const { timing_data: data } = await queue.run(file, signal);
    facts.words = JSON.parse(new TextDecoder().decode(bytesOf(data))).words;
  } catch (error) {
    facts.warnings.push(`The times of the words could not be had, only those of segments: ${error.message}`);
  }
}
