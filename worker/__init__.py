"""From a job to its answer. The folders, in the order a job passes them:

- `platform`: RunPod hands over a job: start, loop, reports, posts, the local run
- `http`: the HTTP face hands over requests: OpenAI's addresses, voices, jobs, health, metrics
- `jobs`: one job step by step: chunks, resuming, streaming, progress, the answer
- `request`: the fields of a job, their types, older names
- `voices`: finding a voice, downloading, clipping and caching its reference
- `audio`: decode, clip, resample, joins, loudness, encode
- `quality`: what a chunk is checked for, by sound and by words
- `subtitles`: word times; writing subtitles, reading transcripts
- `callbacks`: posting the answer to the address that the job names
- `usage`: records of what jobs took, and their sums
- `files`: a job's files in storage: their keys, storing, links, answers, finding, cleanup

Beside that path: `command`, what people type; `http`, the same over HTTP; `web`, what may be called
in the outside world; `operations`, every endpoint that does not speak; `settings`, the only reader
of the environment; `app.py`, the parts built once; `lexicons.py`, what words are said as;
`keys.py`, what a key may look like; `unique.py`, fields that stand twice in JSON; `log.py`;
`wording.py`, what messages say about wrong values; and `phrases.py`, what they call things on a
shell and over HTTP.
"""
