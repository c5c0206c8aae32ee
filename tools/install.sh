#!/usr/bin/env bash
# Builds a Python environment: tools/install.sh VENV_DIR [dev|bench]
# The same steps serve `make run`, `make test`, `make bench`, CI and the Dockerfile.
# TORCH_INDEX: another build of the pinned torch than PyPI's, by the address of its wheels:
# https://download.pytorch.org/whl/cu126 for NVIDIA drivers from CUDA 12.6 on, .../cpu without GPU.
# PARTS: the optional parts to install, by the names of their files in requirements/: "decode text".
# Unset, it is "decode" (voices from any recording; with GPL libraries); empty, none.
set -euo pipefail
venv=$1
kind=${2:-run}
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.11}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input)
install=("${pip[@]}" install -q --no-compile)  # pip compiles on one core; below, all do

wanted=(-r requirements.txt)
for part in ${PARTS-decode}; do
    wanted+=(-r "requirements/$part.txt")
done
without_dependencies=(-r requirements/nodeps.txt)
if [ "$kind" != run ]; then
    wanted+=(-r requirements/dev.txt)
    without_dependencies+=(-r requirements/dev-nodeps.txt)
fi
if [ -n "${TORCH_INDEX:-}" ]; then
    # By its full version, so that an index without it fails here instead of giving PyPI's.
    index=${TORCH_INDEX%/}
    torch=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)+${index##*/}
    "${install[@]}" "$torch" --extra-index-url "$index" -c constraints.txt
fi
"${install[@]}" "${wanted[@]}" -c constraints.txt
[ "$kind" != bench ] || "${install[@]}" -r requirements/bench.txt
# Last: pip reports what these lack to every install after them.
"${install[@]}" --no-deps "${without_dependencies[@]}"
# torchaudio resamples and makes mel filters, in Python and on torch alone. The C++ extension in
# PyPI's build is linked to CUDA and to torch of its own release, and fails beside any other. Where
# it is missing, torchaudio takes it for "not built" and runs without.
rm -f "$venv"/lib/python3*/site-packages/torchaudio/lib/*.so
# Half a gigabyte of a compiler that torch loads for torch.compile only; nothing here uses that.
[ "$kind" != run ] || "${pip[@]}" uninstall -q -y triton
# Nothing imports the tests that packages bring. Where jobs run, all the rest is compiled; elsewhere
# large packages of which little is imported are not: Python compiles that little at its first import.
skipped='/tests?/'
[ "$kind" = run ] || skipped="($skipped|/(fontTools|moto|mypy|mypyc|networkx|openai|pip|pygments|setuptools|sympy|torch/_inductor)/)"
# Some packages bring templates that are not Python: what cannot be compiled is left as it is.
"$venv/bin/python" -m compileall -qq -j 0 -x "site-packages(/.*)?$skipped" \
    "$venv"/lib/python3*/site-packages || :
# The command line, from any folder: voices, results and models stay in this one.
cat > "$venv/bin/f5worker" <<END
#!/bin/sh
# Written by tools/install.sh: \`f5worker --help\`.
export PYTHONPATH="$PWD\${PYTHONPATH:+:\$PYTHONPATH}" PYTHONSAFEPATH=1
: "\${F5_MODELS_DIR:=$PWD/models}"
export F5_MODELS_DIR
if [ -z "\$LOCAL_STORAGE_DIR\$LOCAL_STORAGE_PATH\$STORAGE_LOCAL_PATH\$STORAGE_LOCAL_DIR" ]; then
    export LOCAL_STORAGE_DIR="$PWD/data"
fi
exec "$(cd "$venv" && pwd)/bin/python" -c 'from worker.command.main import main; main("f5worker")' "\$@"
END
chmod +x "$venv/bin/f5worker"
