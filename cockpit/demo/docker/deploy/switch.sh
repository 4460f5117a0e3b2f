#!/bin/sh
# Send users to a colour: `switch.sh blue|green`. Requests that are under way are served to their end.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
echo "map \"\" \$backend { default http://backend-$1:8000; }" > "$here/active/active.conf"
"$here/compose" exec -T proxy nginx -c /tmp/nginx.conf -s reload
echo "users are sent to $1"
