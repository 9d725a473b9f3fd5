#!/usr/bin/env bash
# Keep one finished WAL segment: PostgreSQL's archive_command.
#   archive-wal.sh SEGMENT ARCHIVE/NAME      (archive_command = '… "%p" /srv/hocba/wal/%f')
# Status 0 only when ARCHIVE/NAME.gz is on the disk and unpacks to the segment's bytes. A name is
# given once: the same bytes again are a repeat (PostgreSQL asks again after a crash), other bytes
# are refused, because two clusters are writing into one archive then.
set -euo pipefail
umask 077 # WAL holds children's records
segment=$1 kept=$2.gz
folder=$(dirname -- "$kept")

holds_segment() { gzip --decompress --stdout -- "$1" | cmp --silent -- - "$segment"; }

if [ ! -e "$kept" ]; then
  partial=$(mktemp -- "$folder/.partial.XXXXXXXX") # absent folder: the volume is not mounted
  trap 'rm -f -- "$partial"' EXIT
  gzip --fast --no-name --stdout -- "$segment" >"$partial"
  sync -- "$partial"
  # Never overwrites: link fails where a name is taken. A crash before it leaves no segment.
  holds_segment "$partial"
  ln --no-target-directory -- "$partial" "$kept"
elif ! holds_segment "$kept"; then
  echo "archive-wal: $kept holds other bytes; do two clusters share this archive?" >&2
  exit 1
fi
sync -- "$kept" "$folder" # also for a repeat: the first one may not have come this far
