#!/usr/bin/env bash
# Builds a Python environment: tools/install.sh VENV_DIR [dev|bench]
# The same steps serve `make run`, `make test`, `make bench`, CI and the Dockerfile.
set -euo pipefail
venv=$1
kind=${2:-run}
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.11}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input)

wanted=(-r requirements.txt)
without_dependencies=(-r requirements/nodeps.txt)
if [ "$kind" != run ]; then
    wanted+=(-r requirements/dev.txt)
    without_dependencies+=(-r requirements/dev-nodeps.txt)
fi
"${pip[@]}" install -q "${wanted[@]}" -c constraints.txt
[ "$kind" != bench ] || "${pip[@]}" install -q -r requirements/bench.txt
# Last: pip reports what these lack to every install after them.
"${pip[@]}" install -q --no-deps "${without_dependencies[@]}"
# torchaudio resamples and makes mel filters, in Python and on torch alone. The C++ extension in
# PyPI's build is linked to CUDA and to torch of its own release, and fails beside any other. Where
# it is missing, torchaudio takes it for "not built" and runs without.
rm -f "$venv"/lib/python3*/site-packages/torchaudio/lib/*.so
