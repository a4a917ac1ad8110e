#!/bin/sh
# Books a meeting through Temporal's HTTP API, with curl alone.
#
#   start_over_http.sh WORKFLOW_ID URL START
#
# START is an instant with a zone, such as 2027-01-11T10:00:00Z. TEMPORAL_HTTP is the address of Temporal's HTTP API
# (by default that of `make dev`), TEMPORAL_NAMESPACE the namespace.
set -eu

if [ $# -ne 3 ]; then
    echo "usage: $0 WORKFLOW_ID URL START" >&2
    exit 2
fi
case "$1$2$3" in
    *[\"\\]*) echo 'WORKFLOW_ID, URL and START must hold neither " nor \' >&2; exit 2 ;;
esac

exec curl --fail-with-body --silent --show-error --header 'Content-Type: application/json' \
    "${TEMPORAL_HTTP:-http://127.0.0.1:7243}/api/v1/namespaces/${TEMPORAL_NAMESPACE:-default}/workflows/$1" \
    --data @- <<END
{
  "workflowType": {"name": "MeetingWorkflow"},
  "taskQueue": {"name": "meetings"},
  "input": [{"meeting_url": "$2", "start_time": "$3"}]
}
END
