// ---- Results: the one that is shown, and those before it --------------------------------------

const MOST_KEPT = 20;
const results = [];

/** Keeps a result {request, label, samples, rate, facts} and shows it. */
function addResult(result) {
  result.url = URL.createObjectURL(new Blob([wavOf(result.samples, result.rate)], { type: "audio/wav" }));
  results.unshift(result);
  for (const old of results.splice(MOST_KEPT)) URL.revokeObjectURL(old.url);
  el("history").replaceChildren(...results.map(historyItem));
  showResult(result);
}

function historyItem(result) {
  const text = result.request.text.slice(0, 60);
  const button = line("button", `${text} - ${result.label}, ${result.facts.duration.toFixed(1)} s`);
  button.type = "button";
  button.addEventListener("click", () => {
    live?.stop();
    showResult(result);
    el("result-title").focus();
  });
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function showResult({ samples, rate, facts, url, label, firstMs, wholeMs }) {
  el("result").hidden = false;
  el("audio").src = el("save").href = url;
  showWords(facts);
  drawWave(el("wave"), samples);
  drawMel(el("mel"), samples, rate);
  const seconds = `${facts.duration.toFixed(2)} s`;
  el("wave").setAttribute("aria-label", `Waveform of ${seconds}, highest sample ${highest(samples).toFixed(2)} of 1`);
  el("mel").setAttribute("aria-label", `Mel spectrogram of ${seconds}, 0 to ${rate / 2000} kHz`);
  el("facts").textContent = `${seconds} by ${label}, seed ${facts.seed}, model ${facts.metrics.model}; first sound after ${(firstMs / 1000).toFixed(2)} s, all after ${(wholeMs / 1000).toFixed(2)} s.${facts.s3_key ? ` Stored as ${facts.s3_key}.` : ""}`;
  el("warnings").replaceChildren(...facts.warnings.map((text) => line("li", text)));
}

function highest(samples) {
  return samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
