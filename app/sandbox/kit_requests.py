"""A ready request for every route: as a curl script that runs, and as an HTTP file for editors."""

from dataclasses import dataclass
from http import HTTPStatus

SCHOOL, MINISTRY, NOBODY = "truong", "bo", ""
"""Who asks: the account of the vendor, that of the Ministry, the public."""

ENVIRONMENT = """\
# What every script needs: where the service is, who asks, and what earlier answers said.
KIT=$(cd "$(dirname "$0")/.." && pwd)
URL=${HOCBA_URL:-http://127.0.0.1:8115}
. "$KIT/client.env"
. "$KIT/ministry.env"

# field NAME [NUMBER]: a field of the JSON on standard input; the first of that name, or another one
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | sed -n "${2:-1}p" | cut -d '"' -f 4; }

# token WHO: an access token, asked for once in five minutes, as logging in is limited
token() {
  kept=$KIT/.token-$1
  [ -n "$(find "$kept" -mmin -5 2>/dev/null)" ] || (umask 077 && log_in "$1" >"$kept")
  cat "$kept"
}
log_in() {
  case $1 in
    bo) id=$HOCBA_MINISTRY_ID secret=$HOCBA_MINISTRY_SECRET ;;
    *) id=$HOCBA_CLIENT_ID secret=$HOCBA_CLIENT_SECRET ;;
  esac
  curl -sS "$URL/v1/oauth/token" -d grant_type=client_credentials \\
    --data-urlencode "client_id=$id" --data-urlencode "client_secret=$secret" | field access_token
}
bearer() { [ -z "$1" ] || echo "Authorization: Bearer $(token "$1")"; }
get() { curl -sS -H "$(bearer "$1")" "$URL$2"; }

# The package of this kit, once it is decided, and its first transcript.
DIGEST=$(cut -d ' ' -f 1 "$KIT/package.sha256")
package() {
  for _ in $(seq 60); do
    answer=$(get truong "/v1/packages/by-digest/$DIGEST")
    case $(echo "$answer" | field state) in 03 | 04) break ;; esac
    sleep 0.5
  done
  echo "$answer"
}
package_id() { package | field package_id; }
code() { package | field transcript_code; }
CERTIFICATE=$(cut -d ' ' -f 1 "$KIT/new-seal.sha256")

# call EXPECTED-STATUS WHO METHOD PATH [curl options]: print the answer, fail on another status
call() {
  expected=$1 who=$2 method=$3 path=$4
  shift 4
  body=$(mktemp)
  status=$(curl -sS -o "$body" -w '%{http_code}' \\
    -X "$method" -H "$(bearer "$who")" "$@" "$URL$path")
  cat "$body"
  rm -f "$body"
  echo
  [ "$status" = "$expected" ] || { echo "HTTP $status, cần $expected" >&2; exit 1; }
}
"""
"""Shared by all scripts; POSIX shell and curl alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRequest:
    """One request.

    Attributes:
        name: of its files.
        who: `SCHOOL`, `MINISTRY` or `NOBODY`.
        route: path with the parameters that OpenAPI names.
        values: parameter → shell expression.
        query: of the address, with its question mark.
        body: JSON, or "@" and a file of the kit, or a form.
        headers: further headers.
    """

    name: str
    status: int = HTTPStatus.OK
    who: str = NOBODY
    method: str = "GET"
    route: str
    values: tuple[tuple[str, str], ...] = ()
    query: str = ""
    body: str = ""
    content: str = "application/json"
    headers: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The path with shell expressions for its parameters."""
        path = self.route
        for name, value in self.values:
            path = path.replace("{" + name + "}", value)
        return path + self.query


def script_of(one: ReadyRequest) -> str:
    """Write a request as a shell script."""
    options = "".join(f" \\\n  -H '{header}'" for header in one.headers)
    if one.body:
        given = f'"@$KIT/{one.body[1:]}"' if one.body.startswith("@") else f'"{_quoted(one.body)}"'
        options += f" \\\n  -H 'Content-Type: {one.content}' --data-binary {given}"
    who = one.who or "''"
    return f"""#!/bin/sh
# {one.method} {one.route}
set -eu
. "$(dirname "$0")/environment"
call {int(one.status)} {who} {one.method} "{one.address}"{options}
"""


def http_file_of(one: ReadyRequest) -> str:
    """Write a request for editors that send HTTP files (VS Code REST Client, JetBrains)."""
    lines = [f"### {one.name}: {int(one.status)}", f"{one.method} {{{{url}}}}{_shown(one)}"]
    if one.who:
        lines.append(f"Authorization: Bearer {{{{{one.who}_token}}}}")
    lines += one.headers
    if one.body:
        body = f"< ../{one.body[1:]}" if one.body.startswith("@") else one.body
        lines += [f"Content-Type: {one.content}", "", body]
    return "\n".join(lines) + "\n"


def _shown(one: ReadyRequest) -> str:
    return one.route.replace("{", "{{").replace("}", "}}") + one.query


def _quoted(body: str) -> str:
    return body.replace("\\", "\\\\").replace('"', '\\"')
