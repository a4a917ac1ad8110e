#!/bin/sh
# Runs the whole stack in containers once, from nothing to nothing: build and start, doctor, one meeting against the
# simulator, an orderly stop, a restart after which the meeting is still known, and removal of everything.
# Needs Docker with Compose 2.23.1 or newer, about 6 GiB of memory, and no .env: it brings settings of its own and a
# project name of its own, so that a stack that runs on the same host is left alone.
set -eu
cd "$(dirname "$0")/.."

settings=$(mktemp)
export MINUTEKEEPER_ENV_FILE="$settings"
export MINUTEKEEPER_VERSION=smoke
export TEMPORAL_PORT="${TEMPORAL_PORT:-17233}" TEMPORAL_UI_PORT="${TEMPORAL_UI_PORT:-18233}"
export BRIDGE_PUBLISH="${BRIDGE_PUBLISH:-127.0.0.1:18090}" WEB_PORT="${WEB_PORT:-18092}"

secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
cat >"$settings" <<EOF
MEETINGBAAS_API_KEY=$(secret)
MEETINGBAAS_BASE_URL=http://bridge:8091
BRIDGE_SECRET=$(secret)
BRIDGE_PUBLIC_URL=http://127.0.0.1:8090
POSTGRES_PASSWORD=$(secret)
MINUTEKEEPER_DOWNLOAD_HOSTS=bridge:8091
MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES=true
EOF

compose() {
    docker compose --project-name minutekeeper-smoke --env-file "$settings" \
        --file docker-compose.yml --file deploy/smoke.yaml "$@"
}

minutekeeper() { compose exec -T worker minutekeeper "$@"; }

finish() {
    status=$?
    trap - EXIT
    [ "$status" -eq 0 ] || compose logs --tail 40
    compose down --volumes --remove-orphans --timeout 30 >/dev/null 2>&1 || true
    docker image rm minutekeeper:smoke >/dev/null 2>&1 || true
    rm -f "$settings"
    left=$(docker ps --all --quiet --filter label=com.docker.compose.project=minutekeeper-smoke)
    [ -z "$left" ] || { echo "left over: $left"; status=1; }
    [ "$status" -eq 0 ] && echo "smoke: all is well" || echo "smoke: failed"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

is_healthy() {
    [ "$(docker inspect --format '{{.State.Health.Status}}' "$(compose ps --quiet "$1")")" = healthy ]
}

wait_until_healthy() {
    for service in worker recordings bridge web; do
        tries=60
        until is_healthy "$service"; do
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] || { echo "$service is not healthy"; exit 1; }
            sleep 2
        done
    done
}

step() { printf '\n== %s\n' "$*"; }

step "build and start"
compose up --build --detach
wait_until_healthy

step "doctor"
compose exec -T bridge minutekeeper doctor

step "one meeting"
# PostgreSQL refuses what this title holds, unless it is made safe.
title="Standup: team A's \\ check"
booked=$(minutekeeper schedule https://meet.google.com/smo-ketx-est --at now --title "$title" --json)
meeting=$(printf '%s' "$booked" | sed -n 's/.*"meeting_id": *"\([^"]*\)".*/\1/p')
echo "booked $meeting"
minutekeeper watch "$meeting"
minutekeeper list --title "standup check" --json | grep --quiet "$meeting"
minutekeeper show "$meeting"

step "the same over HTTP"
key=$(compose exec -T web minutekeeper key new smoke --scopes read,files --json | sed -n 's/.*"key": *"\([^"]*\)".*/\1/p')
api="http://127.0.0.1:$WEB_PORT/api/v1/meetings/$meeting"
curl --silent --fail --oauth2-bearer "$key" "$api" | grep --quiet '"status":"completed"'
curl --silent --fail --oauth2-bearer "$key" "$api/files/recording.mp4" --output /dev/null

step "orderly stop and restart"
began=$(date +%s)
compose stop
echo "stopped in $(($(date +%s) - began)) s"
compose up --detach
wait_until_healthy
minutekeeper show "$meeting" | grep --quiet completed
minutekeeper transcript "$meeting" --format txt | head -3
curl --silent --fail --oauth2-bearer "$key" "$api/why" | grep --quiet '"explanation"'
