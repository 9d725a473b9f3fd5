#!/usr/bin/env bash
# Prepare a data folder that PostgreSQL recovers to a moment when it is started.
#   restore.sh BACKUPS ARCHIVE DATA TARGET
# BACKUPS is the folder of base-backup.sh, ARCHIVE that of archive-wal.sh, DATA an absent or empty
# folder. TARGET is a moment with its offset ("2026-06-01 09:30:00+07"), or "latest" for everything
# that was archived. Run it as PostgreSQL's own account; nothing in BACKUPS and ARCHIVE is changed.
# Afterwards: start PostgreSQL on DATA, wait until pg_is_in_recovery() is false (it answers before,
# with older rows), then follow README.md. The database is older than its vault, and a worker would
# decide anew what was decided: so it takes no changes until it is told to.
set -euo pipefail
umask 077
export LC_ALL=C # names of backups are compared by their bytes
backups=$(realpath -- "$1") archive=$(realpath -- "$2") data=$(realpath -- "$3") target=$4

refuse() { echo "restore: $1" >&2; exit 1; }
follows() { # follows HIGH LOW: of the segment before, in one timeline
  { [ "$1" -eq "$last_high" ] && [ "$2" -eq $((last_low + 1)) ]; } ||
    { [ "$1" -eq $((last_high + 1)) ] && [ "$2" -eq 0 ]; }
}
[ "$(id -u)" -ne 0 ] || refuse "run it as PostgreSQL's account: root's files are closed to the server"
[ -d "$archive" ] || refuse "no archive at $archive"
[ ! -e "$data" ] || [ -z "$(ls -A -- "$data")" ] || refuse "$data is not empty: move it away first"
case $archive in *[\'\"\\%]*) refuse "quotes, backslashes and % cannot stand in the archive's path" ;; esac

latest=99999999T999999Z moment=
if [ "$target" != latest ]; then
  case $target in *[+-][0-9][0-9] | *[+-][0-9][0-9]:[0-9][0-9] | *Z) ;; *) refuse "TARGET needs its offset: $target" ;; esac
  moment=$(date --utc --date="$target" '+%Y-%m-%d %H:%M:%S.%6N+00') || refuse "TARGET is no time: $target"
  latest=$(date --utc --date="$target" '+%Y%m%dT%H%M%S.%6NZ')
fi
# The newest backup that was complete before the target: a younger one cannot go back to it.
base=
for one in "$backups"/base-*; do
  [ -d "$one" ] && [[ ${one##*/base-} < $latest ]] && base=$one
done
[ -n "$base" ] || refuse "no base backup in $backups that was complete before $target"

# PostgreSQL takes an absent segment for the end of the archive, and would stop there in silence.
before= missing=
for one in "$archive"/[0-9A-F]*.gz; do
  name=${one##*/} name=${name%.gz}
  [[ $name =~ ^[0-9A-F]{24}$ ]] || continue
  high=$((16#${name:8:8})) low=$((16#${name:16:8}))
  if [ "${before:0:8}" = "${name:0:8}" ] && ! follows "$high" "$low"; then
    missing="between $before and $name"
  fi
  before=$name last_high=$high last_low=$low
done
[ -z "$missing" ] || refuse "segments are missing in $archive $missing"

echo "restore: from $base"
pg_verifybackup --quiet "$base"
mkdir --parents --mode=700 -- "$data"
cp --archive --no-target-directory -- "$base" "$data"
chmod 700 -- "$data"

settings=$data/postgresql.auto.conf
[ ! -e "$settings" ] || sed --in-place '/^\(restore_command\|recovery_\|default_transaction_read_only\)/d' -- "$settings" # of an earlier restore
{
  # 1: there is no such segment. 255: there is, but it is damaged; PostgreSQL stops with an error.
  kept="\"$archive/%f.gz\""
  echo "restore_command = 'test -f $kept || exit 1; gzip --decompress --stdout < $kept > \"%p\" || exit 255'"
  echo "recovery_target_action = 'promote'"
  echo "default_transaction_read_only = on"
  [ -z "$moment" ] || echo "recovery_target_time = '$moment'"
} >>"$settings"
touch -- "$data/recovery.signal"
sync --file-system -- "$data"
echo "restore: $data is ready; PostgreSQL recovers it to $target when it is started"
