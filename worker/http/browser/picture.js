// ---- Pictures: waveform and mel spectrogram ---------------------------------------------------

const FFT = 1024;
const MELS = 80;

/** Draws the lowest and highest sample of each column. */
function drawWave(canvas, samples) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = getComputedStyle(canvas).getPropertyValue("color");
  for (let x = 0; x < width; x++) {
    const column = samples.subarray((x * samples.length) / width, ((x + 1) * samples.length) / width);
    let low = 0;
    let high = 0;
    for (const value of column) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    pen.fillRect(x, ((1 - high) * height) / 2, 1, Math.max(1, ((high - low) * height) / 2));
  }
}

/** Draws the level in each mel band over time, 70 dB from dark to light. */
function drawMel(canvas, samples, rate) {
  const { width, height } = canvas;
  const bands = melBands(rate);
  const columns = Array.from({ length: width }, (_, x) => melColumn(samples, (x * samples.length) / width, bands));
  const most = Math.max(...columns.map((column) => Math.max(...column)));
  const image = new ImageData(width, height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const band = Math.floor(((height - 1 - y) * MELS) / height);
      const light = Math.max(0, 1 + (columns[x][band] - most) / 70);
      image.data.set([255 * light ** 0.7, 255 * light ** 1.6, 90 + 120 * light - 150 * light ** 4, 255], 4 * (y * width + x));
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The level of each band, dB, around a place in the sound. */
function melColumn(samples, middle, bands) {
  const real = new Float64Array(FFT);
  const imaginary = new Float64Array(FFT);
  const from = Math.round(middle) - FFT / 2;
  for (let i = 0; i < FFT; i++) {
    real[i] = (samples[from + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT));
  }
  transform(real, imaginary);
  return bands.map(([low, high]) => {
    let power = 1e-9;
    for (let k = low; k < high; k++) power += real[k] ** 2 + imaginary[k] ** 2;
    return 10 * Math.log10(power / (high - low));
  });
}

/** First and last bin of each band, evenly apart in mel from 0 to half the rate. */
function melBands(rate) {
  const top = 2595 * Math.log10(1 + rate / 2 / 700);
  const bin = (band) => ((700 * (10 ** ((top * band) / MELS / 2595) - 1)) * FFT) / rate;
  return Array.from({ length: MELS }, (_, i) => {
    const low = Math.floor(bin(i));
    return [low, Math.max(low + 1, Math.floor(bin(i + 1)))];
  });
}

/** The fast Fourier transform, in place; the length is a power of two. */
function transform(real, imaginary) {
  reorder(real, imaginary);
  for (let size = 2; size <= real.length; size *= 2) {
    for (let start = 0; start < real.length; start += size) butterflies(real, imaginary, start, size / 2);
  }
}

function butterflies(real, imaginary, start, half) {
  for (let i = start; i < start + half; i++) {
    const angle = (-Math.PI * (i - start)) / half;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const r = c * real[i + half] - s * imaginary[i + half];
    const m = s * real[i + half] + c * imaginary[i + half];
    real[i + half] = real[i] - r;
    imaginary[i + half] = imaginary[i] - m;
    real[i] += r;
    imaginary[i] += m;
  }
}

/** Each value goes to the index whose bits are those of its own, backwards. */
function reorder(real, imaginary) {
  for (let i = 1, j = 0; i < real.length; i++) {
    let bit = real.length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
}
