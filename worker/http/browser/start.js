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

/** Asks the server what it serves; it answers once its model is loaded. */
async function connect() {
  showProblem(null);
  el("served").textContent = `Waiting for ${serverAddress()} and its model...`;
  try {
    await loadVoices();
    const [model] = (await (await ask("/v1/models")).json()).data;
    el("served").textContent = `Ready: ${model.id} at ${serverAddress()}`;
  } catch (error) {
    el("served").textContent = `Not connected to ${serverAddress()}.`;
    throw error;
  }
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
on("copy", "click", copyCode);
on("audio", "play", () => live?.stop());
for (const id of ["say", "kind", "server", "key"]) on(id, "input", showCode);
guarded(connect)();
requestAnimationFrame(follow);
