#!/usr/bin/env bash
# Take a base backup of the running PostgreSQL and verify it.
#   base-backup.sh BACKUPS
# Makes BACKUPS/base-YYYYMMDDTHHMMSS.uuuuuuZ, named by the moment (of the database's clock) at which
# it was complete: any later one can be restored from it and the WAL archive. The server is named by
# libpq's variables (PGHOST, PGPORT, PGUSER, PGPASSFILE); the user needs REPLICATION. The programs
# of the server's own version must come first in PATH.
set -euo pipefail
umask 077
backups=$1
partial=$(mktemp --directory -- "$backups/.partial.XXXXXXXX")
trap 'rm -rf -- "$partial"' EXIT

refuse() { echo "base-backup: $1" >&2; exit 1; }
ask() { psql --no-password --no-psqlrc --quiet --tuples-only --no-align --command="$1" postgres; }

# Without the first a backup restores itself and not one second more; without the second a page that
# rotted on the disk is copied as if it were well.
[ "$(ask 'SHOW archive_mode')" != off ] || refuse "archive_mode is off: see postgresql.conf beside this file"
[ "$(ask 'SHOW data_checksums')" = on ] || refuse "data_checksums are off: stop PostgreSQL, run pg_checksums --enable"

pg_basebackup --no-password --pgdata="$partial/data" --format=plain --wal-method=stream \
  --checkpoint=fast --manifest-checksums=SHA256
pg_verifybackup --quiet "$partial/data"
sync --file-system -- "$partial/data"
name=base-$(ask "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISS.US\"Z\"')")
mv --no-target-directory --no-clobber -- "$partial/data" "$backups/$name"
[ ! -e "$partial/data" ] || refuse "$backups/$name is there already"
sync -- "$backups"
echo "$backups/$name"
