// ---- A voice from the microphone --------------------------------------------------------------

const LONGEST_RECORDING_MS = 30000;
let recorder = null;

/** Begins a recording, or ends the one that runs. */
async function toggleRecording() {
  if (recorder) return recorder.stop();
  showProblem(null);
  const pure = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  let stream;
  try {
    if (!navigator.mediaDevices) throw new Error("no secure context");
    stream = await navigator.mediaDevices.getUserMedia({ audio: pure });
  } catch (error) {
    throw new Refused({
      message: `The microphone cannot be used (${error.message}).`,
      hint: "Allow it for this page; a browser gives it to https and to this machine only.",
    });
  }
  const pieces = [];
  recorder = new MediaRecorder(stream);
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  recorder.onstop = guarded(() => recorded(stream, pieces));
  recorder.start();
  setTimeout((mine) => mine === recorder && mine.stop(), LONGEST_RECORDING_MS, recorder);
  showRecording(true);
}

/** What was recorded, as a WAV file: any worker reads that. */
async function recorded(stream, pieces) {
  stream.getTracks().forEach((track) => track.stop());
  recorder = null;
  showRecording(false);
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await new Blob(pieces).arrayBuffer());
  context.close();
  await takeRecording(`recording-${own.size + 1}.wav`, wavOf(sound.getChannelData(0), sound.sampleRate));
}

function showRecording(on) {
  el("record").textContent = on ? "End recording" : "Record";
  el("record").setAttribute("aria-pressed", String(on));
  say(on ? "Recording: read a sentence or two, then press the button again." : "");
}
