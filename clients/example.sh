#!/bin/sh
# The endpoint with curl and nothing else.
#
#   export RUNPOD_API_KEY=... RUNPOD_ENDPOINT_ID=...
#   clients/example.sh sync job.json       waits for the result, up to five minutes
#   clients/example.sh run job.json        prints the job's id at once
#   clients/example.sh status ID           the result, when there is one
#   clients/example.sh stream ID           the chunks that are new since the last call
#   clients/example.sh cancel ID
#   clients/example.sh health              workers and jobs
#
# job.json: {"input": {"text": "Good morning!"}}
set -eu

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
[ $# -ge 1 ] || usage
operation=$1
argument=${2:-}
: "${RUNPOD_API_KEY:?is not set}"
endpoint=${RUNPOD_ENDPOINT_BASE_URL:-https://api.runpod.ai/v2}/${RUNPOD_ENDPOINT_ID:?is not set}

# The key goes through a pipe: among the arguments every user of this machine could read it.
call() {
    printf 'header = "Authorization: Bearer %s"\n' "$RUNPOD_API_KEY" |
        curl --config - --silent --show-error --fail-with-body --max-time 310 "$@"
    echo
}

post() {
    # Not tried again: a job whose answer got lost would run twice.
    call --header "Content-Type: application/json" --data-binary "@${argument:?a JSON file}" "$1"
}

get() {
    call --retry 5 "$1" # after 429 and 5xx
}

case $operation in
    sync) post "$endpoint/runsync?wait=300000" ;;
    run) post "$endpoint/run" ;;
    status | stream) get "$endpoint/$operation/${argument:?the id of a job}" ;;
    cancel) call --request POST "$endpoint/cancel/${argument:?the id of a job}" ;;
    health) get "$endpoint/health" ;;
    *) usage ;;
esac
