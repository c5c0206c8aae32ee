"use strict";
// ---- The server: this one or another, its key, its errors ------------------------------------

const LARGE = 10e6; // letters of a body
const RUNPOD = "https://api.runpod.ai/v2/";
const el = (id) => document.getElementById(id);

/** An error as the API states it: message, code, hint, and for a voice its report. `status`: of the answer, 0: none. */
class Refused extends Error {
  constructor({ message, code = "", hint = "", report = null, status = 0 }) {
    super(message);
    Object.assign(this, { code, hint, report, status });
  }
}

/** Who is asked, and with which key. A `queue` is a RunPod endpoint that takes jobs: typed as its id, or as any
 *  address of it. A server's address is without a slash or /v1 at its end. */
function target() {
  const key = el("key").value.trim();
  const typed = el("server").value.trim();
  if (/^[\w-]+$/.test(typed) && typed !== "localhost") return { key, queue: true, base: RUNPOD + typed };
  const scheme = /^(localhost|127\.0\.0\.1)\b/.test(typed) ? "http://" : "https://";
  const address = typed && !typed.includes("://") ? scheme + typed : typed;
  const endpoint = /^https?:\/\/[^/]+\/v2\/[\w-]+/.exec(address);
  if (endpoint) return { key, queue: true, base: endpoint[0] };
  return { key, queue: false, base: (address || location.origin).replace(/\/+$/, "").replace(/\/v1$/, "") };
}

function headers(body, key) {
  return {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(key ? { Authorization: `Bearer ${key}` } : {}),
  };
}

/** Sends a request; gives the response, or throws Refused. `body` is sent as JSON; `to` is a `target()`. */
async function ask(path, { method = "GET", body, signal, keepalive, to = target() } = {}) {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const options = { method, body: sent, signal, keepalive, headers: headers(body, to.key) };
  let response;
  try {
    response = await fetch(to.base + path, { ...options, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ message: `${to.base} did not answer this page.`, hint: unanswered(to, sent) });
  }
  if (!response.ok) throw await refusal(response, to);
  return response;
}

/** What may be wrong where nothing is told: a browser hides from a page why it got no answer. */
function unanswered({ queue, base }, sent = "") {
  const large = sent.length > LARGE ? "The recording may be too large: 5 to 12 s are enough. " : "";
  if (!queue) return `${large}See that it runs. Another server must name this page's origin in HTTP_CORS_ORIGINS.`;
  return `See that ${base} is right and the network is there. If so, it lets no page of ${location.origin} ask: `
    + 'then run what stands under "The same from a program", which no browser stops, or use a load-balancing endpoint.';
}

async function refusal(response, { base }) {
  const { status } = response;
  const text = await response.text();
  const [code, hint] = status === 401 ? ["KEY_REFUSED", "Type a key that may use it, and connect again."] : [];
  const plain = { message: `${base} answered ${status}${text && ": "}${text.slice(0, 200)}`, code, hint, status };
  try {
    const { error } = JSON.parse(text);
    return new Refused({ ...plain, ...(typeof error === "string" ? { message: error } : error) });
  } catch {
    return new Refused(plain);
  }
}

/** Runs a job of the queue's schema to its end, wherever it is asked; gives its output. */
async function runJob(input, to = target()) {
  if (to.queue) return new Queue(to).run(input);
  let job = await (await ask("/v1/jobs?wait=60", { method: "POST", body: { input }, to })).json();
  while (job.status === "IN_QUEUE" || job.status === "IN_PROGRESS") {
    job = await (await ask(`/v1/jobs/${job.id}?wait=60`, { to })).json();
  }
  return outputOf(job);
}

/** The output of a job that has ended; throws Refused where it failed. */
function outputOf({ status, output, error }) {
  const { hint = "", error_code: code = "", ...told } = output ?? {};
  const said = told.error ?? error;
  if (status === "COMPLETED" && output && !said) return output;
  const whole = typeof said === "string" ? said : `The job ended as ${status}. ${JSON.stringify(said) ?? ""}`.trim();
  const message = (hint && whole.endsWith(hint) ? whole.slice(0, -hint.length).trim() : "") || whole;
  throw new Refused({ ...told, message, code, hint, status: 200 });
}

/** Shows an error where a screen reader says it at once; null takes it away. */
function showProblem(error) {
  const box = el("problem");
  box.hidden = !error;
  box.replaceChildren();
  if (!error) return;
  const code = error.code ? ` (${error.code})` : "";
  box.append(line("strong", error.message + code));
  if (error.hint) box.append(line("p", error.hint));
  if (error.code === "KEY_REFUSED") {
    el("elsewhere").open = true;
    el("key").focus();
  }
}

/** An element with a text in it. */
function line(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
