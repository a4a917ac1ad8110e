#!/bin/sh
# Creates Temporal's two databases or brings them to the version of this image; changes nothing if they are current.
# Needs SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD and SQL_PLUGIN, as temporal-sql-tool reads them.
set -eu

# The server's image writes the password into a YAML text between double quotes.
case $SQL_PASSWORD in
*[\"\\\$]*)
    echo 'POSTGRES_PASSWORD must hold none of the characters $ " \: take one from `openssl rand -hex 32`' >&2
    exit 1
    ;;
esac

retry() {
    attempts=15
    until "$@"; do
        attempts=$((attempts - 1))
        [ "$attempts" -gt 0 ] || return 1
        sleep 2
    done
}

prepare() {
    retry temporal-sql-tool --database "$1" create-database
    retry temporal-sql-tool --database "$1" setup-schema --version 0.0
    retry temporal-sql-tool --database "$1" update-schema \
        --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
