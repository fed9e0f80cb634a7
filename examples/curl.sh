#!/usr/bin/env bash
# A plan from submission to synthesis with curl alone.
#   examples/curl.sh [plan.json]     TUTTI_URL and TUTTI_API_KEY say where and as whom
set -euo pipefail
plan=${1:-$(dirname "${BASH_SOURCE[0]}")/echo-rehearsal.json}
url=${TUTTI_URL:-http://127.0.0.1:3000}
call() {
  curl --silent --show-error --fail-with-body ${TUTTI_API_KEY:+-H "Authorization: Bearer $TUTTI_API_KEY"} "$@"
}

# The key makes it safe to send this again after a lost connection: there will be one plan.
location=$(call "$url/v1/plans" -H 'Content-Type: application/json' -H "Idempotency-Key: $(uuidgen 2>/dev/null || date +%s%N)" \
  --data-binary "@$plan" --output /dev/null --dump-header - | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
echo "submitted: $url$location"

# Each call waits up to 30 s on the server; the plan has ended when it has a time for that.
until answer=$(call "$url$location?wait=30") || exit; grep -q '"finishedAt":"' <<<"$answer"; do :; done

echo 'outputs, a line of JSON each:'
call "$url$location/outputs"
echo 'synthesis:'
call "$url$location/synthesis"
echo
