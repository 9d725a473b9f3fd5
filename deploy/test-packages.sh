#!/usr/bin/env bash
# Install the Debian packages that the tests need beyond Python: another XML signature stack
# (xmlsec1, the JDK), a browser, a real S3 server and a C compiler. Needs root, or sudo without a password.
# Does nothing, at once, when all are there.
set -euo pipefail

packages=()
need() { # need PROGRAM PACKAGE: ask for the package when the program is absent
  command -v "$1" >/dev/null || packages+=("$2")
}
need xmlsec1 xmlsec1
need cc gcc
need cc libc6-dev
need javac openjdk-17-jdk-headless
need chromium chromium
need chromium fonts-liberation # Vietnamese letters; chromium only recommends it
need radosgw radosgw
need ceph-mon ceph-mon
need ceph-osd ceph-osd
need ceph ceph-common
[ "${#packages[@]}" -eq 0 ] && exit 0

refuse() {
  echo "The tests need these Debian packages, and $1: ${packages[*]}" >&2
  exit 1
}
command -v apt-get >/dev/null || refuse "this system has no apt-get to install them"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
  { command -v sudo && sudo -n true; } >/dev/null 2>&1 ||
    refuse "only root or a user with sudo can install them"
fi

echo "Installing for the tests: ${packages[*]}"
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --quiet --no-install-recommends "${packages[@]}"
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists of a fresh machine are empty or old: read them first.
if ! { "${as_root[@]}" apt-get update --quiet --quiet && install; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  refuse "apt-get could not install them"
fi
