"""F5-TTS inference: (reference voice, text, parameters) in, waveforms out.

Knows nothing of S3 or RunPod. The data's path through the files:
    locate -> checkpoint -> [model, vocoder]           once, at start
    text -> mel -> batcher -> sampler (model) -> vocoder    for every chunk
`synthesizer` is what the rest of the worker calls.
"""
