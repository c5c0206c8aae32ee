#!/usr/bin/env bash
# Unpacks Ceph's object gateway below .cache/ceph for the tests: tools/ceph.sh
# Downloads Debian's packages and what they need beyond this system (about 70 MB) and unpacks them;
# nothing is installed. Needs apt-get, and its lists: run 'apt-get update' before if it finds none.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/.cache/ceph
[ ! -x "$target/usr/bin/radosgw" ] || exit 0
command -v apt-get dpkg >/dev/null || { echo "ceph.sh: needs apt-get and dpkg" >&2; exit 1; }

mkdir -p "$target/packages"
cd "$target/packages"
# Names only, from a simulated installation: "Inst NAME (VERSION ...)".
packages=$(apt-get install --simulate --no-install-recommends radosgw ceph-mon ceph-osd |
    sed -n 's/^Inst \([^ ]*\) .*/\1/p')
[ -n "$packages" ] || packages="radosgw ceph-mon ceph-osd"
# shellcheck disable=SC2086  # a list of names
apt-get download $packages
for package in ./*.deb; do dpkg -x "$package" "$target"; done
rm -r "$target/packages"
echo "Ceph is unpacked below $target"
