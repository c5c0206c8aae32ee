"""F5-TTS inference: (reference voice, text, parameters) in, waveforms out.

Knows nothing of S3 or RunPod. The data's path through the files:
    weights/ (locate, config, card, checkpoint) -> [dit/, vocoder/]     once, at start (`boot`)
    tokens -> mel -> batcher -> sampler (dit/) -> vocoder/              for every chunk
`synthesizer` is what the rest of the worker calls; `chunk` says what it takes and gives.
"""
