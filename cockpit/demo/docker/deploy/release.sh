#!/bin/sh
# Bring services up in a version: `release.sh VARIABLE VERSION SERVICE...`. The variable is one of `.env`, which is in
# the folder that this repository was cloned into, as is `compose`, the command that carries Compose out there.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
variable=$1 version=$2
shift 2
sed "s/^$variable=.*/$variable=$version/" "$here/.env" > "$here/.env.next"
cat "$here/.env.next" > "$here/.env"
rm "$here/.env.next"
echo "$variable=$version"
exec "$here/compose" up --detach --no-deps "$@"
