// ---- Start: what each control does ------------------------------------------------------------

/** A handler whose failure is shown. */
function guarded(action) {
  return async (event) => {
    try {
      await action(event);
    } catch (error) {
      say("");
      showProblem(error instanceof Refused ? error : new Refused({ message: `The page failed: ${error.message}` }));
    }
  };
}

function on(id, kind, action) {
  el(id).addEventListener(kind, guarded(action));
}

let connecting = 0; // which attempt is the last one

/** Asks the server what it serves; it answers once its model is loaded. */
async function connect() {
  const mine = ++connecting;
  const tell = (text) => mine === connecting && (el("served").textContent = text);
  const { base, queue } = target();
  showProblem(null);
  tell(`Waiting for ${base} and its model...`);
  try {
    const ready = await (queue ? connectQueue(tell) : connectServer());
    tell(`Ready: ${ready} at ${base}`);
  } catch (error) {
    tell(`Not connected to ${base}.`);
    if (mine === connecting) throw error;
  }
}

async function connectServer() {
  await loadVoices();
  return (await (await ask("/v1/models")).json()).data[0].id;
}

/** The address and the key are tried first: the list of voices is a job, which may wait for a worker. */
async function connectQueue(tell) {
  const { base } = target();
  const { jobs, workers } = await (await ask("/health")).json();
  const count = Object.entries(workers).map(([state, number]) => `${number} ${state}`).join(", ");
  tell(`${base} answers (workers: ${count}; jobs waiting: ${jobs.inQueue}). Waiting for a worker to name its voices...`);
  await loadVoices();
  return "a RunPod queue";
}

async function uploaded() {
  const [file] = el("file").files;
  if (file) await takeRecording(file.name, new Uint8Array(await file.arrayBuffer()));
}

async function wordsChanged() {
  const recording = chosenRecording();
  if (!recording) return;
  recording.words = el("words").value.trim();
  showCode();
  await checkRecording();
}

on("say", "submit", (event) => {
  event.preventDefault();
  return speak();
});
on("text", "keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return speak();
});
on("stop", "click", stopSound);
on("voice", "change", showOwn);
on("file", "change", uploaded);
on("words", "change", wordsChanged);
on("record", "click", toggleRecording);
on("keep", "click", keepRecording);
for (const id of ["name", "agreed"]) {
  on(id, "keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it would speak the text
    return keepRecording();
  });
}
on("connect", "click", connect);
for (const id of ["server", "key"]) on(id, "keydown", ({ key }) => (key === "Enter" ? connect() : undefined));
on("copy", "click", copyCode);
on("audio", "play", () => live?.stop());
for (const id of ["say", "kind", "server", "key"]) on(id, "input", showCode);
guarded(connect)();
requestAnimationFrame(follow);
