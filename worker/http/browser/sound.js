// ---- Sound: PCM in, heard as it comes, a WAV file of it --------------------------------------

const RATE = 24000; // Hz, of `pcm`

/** Samples from -1 to 1 of little-endian 16-bit PCM; `bytes` has an even length. */
function samplesOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => view.getInt16(2 * i, true) / 32768);
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Base64 of bytes, in slices that a call's arguments can hold. */
function base64Of(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

/** All samples of several pieces. */
function joined(pieces) {
  const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A WAV file, 16 bits, mono, of samples from -1 to 1. */
function wavOf(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((l, i) => view.setUint8(at + i, l.charCodeAt(0)));
  const long = (at, value) => view.setUint32(at, value, true);
  const short = (at, value) => view.setUint16(at, value, true);
  text(0, "RIFF"); long(4, 36 + 2 * samples.length); text(8, "WAVEfmt "); long(16, 16);
  short(20, 1); short(22, 1); long(24, rate); long(28, 2 * rate); short(32, 2); short(34, 16);
  text(36, "data"); long(40, 2 * samples.length);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new Uint8Array(view.buffer);
}

/** Plays pieces of sound one after the other as they come. Made by a user's action, or it is mute. */
class Player {
  constructor() {
    this.context = new AudioContext({ sampleRate: RATE });
    this.pieces = []; // when each begins: on the context's clock, and in the sound; seconds
    this.next = 0;
    this.length = 0;
  }

  add(samples) {
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    const at = Math.max(this.next, this.context.currentTime + 0.05);
    source.start(at);
    this.pieces.push({ at, from: this.length });
    this.next = at + buffer.duration;
    this.length += buffer.duration;
  }

  /** Seconds of the sound that were heard; null before its beginning and after its end. */
  position() {
    const now = this.context.currentTime;
    if (this.context.state === "closed" || now >= this.next) return null;
    const piece = this.pieces.findLast(({ at }) => at <= now);
    return piece ? piece.from + now - piece.at : null;
  }

  stop() {
    if (this.context.state !== "closed") this.context.close();
  }
}
