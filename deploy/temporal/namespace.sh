#!/bin/sh
# Creates the namespace and the search attributes by which meetings are found; changes nothing if they are there.
# Needs TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TEMPORAL_RETENTION.
set -eu

retry() {
    attempts=30
    until "$@"; do
        attempts=$((attempts - 1))
        [ "$attempts" -gt 0 ] || return 1
        sleep 2
    done
}

# A new namespace takes some seconds until every part of the server knows it, hence the retries after this.
namespace() {
    temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
        temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
}

attribute() {
    retry temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type "$2"
}

retry temporal operator cluster health
retry namespace
retry temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"

attribute MeetingStatus Keyword
attribute MeetingPlatform Keyword
attribute BotId Keyword
attribute BotProvider Keyword
attribute MeetingUrl Keyword
attribute CalendarId KeywordList
attribute MeetingStart Datetime
attribute MeetingTitle Text
attribute MeetingMeta KeywordList
attribute CalendarStatus Keyword
