"use strict";
// ---- The server: this one or another, its key, its errors ------------------------------------

const LARGE = 10e6; // letters of a body
const el = (id) => document.getElementById(id);

/** An error as the API states it: message, code, hint, and for a voice its report. */
class Refused extends Error {
  constructor({ message, code = "", hint = "", report = null }) {
    super(message);
    Object.assign(this, { code, hint, report });
  }
}

/** The server's address without a slash or /v1 at its end. */
function serverAddress() {
  const typed = el("server").value.trim() || location.origin;
  return typed.replace(/\/+$/, "").replace(/\/v1$/, "");
}

function headers(body) {
  const key = el("key").value.trim();
  return {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(key ? { Authorization: `Bearer ${key}` } : {}),
  };
}

/** Sends a request; gives the response, or throws Refused. `body` is sent as JSON. */
async function ask(path, { method = "GET", body, signal } = {}) {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const options = { method, body: sent, signal, headers: headers(body) };
  let response;
  try {
    response = await fetch(serverAddress() + path, { ...options, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const large = (sent?.length ?? 0) > LARGE ? "The recording may be too large: 3 to 12 s are enough. " : "";
    throw new Refused({
      message: `${serverAddress()} did not answer.`,
      hint: `${large}See that it runs. Another server must name this page's origin in HTTP_CORS_ORIGINS.`,
    });
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text);
    return new Refused(typeof error === "string" ? { message: error } : error);
  } catch {
    return new Refused({ message: `The server answered ${response.status}: ${text.slice(0, 200)}` });
  }
}

/** Runs a job of the queue's schema to its end; gives its output. */
async function runJob(input) {
  let job = await (await ask("/v1/jobs?wait=60", { method: "POST", body: { input } })).json();
  while (job.status === "IN_QUEUE" || job.status === "IN_PROGRESS") {
    job = await (await ask(`/v1/jobs/${job.id}?wait=60`)).json();
  }
  const output = job.output ?? { error: `The job ended as ${job.status}.` };
  if (output.error) throw new Refused({ ...output, message: output.error, code: output.error_code });
  return output;
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
