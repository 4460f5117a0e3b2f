#!/bin/sh
# Restore a backup into a scratch database, count what came back, and drop it: `restore.sh [FILE]`; the newest if none is
# named. Prometheus learns when this last went well.
set -eu
export PGPASSWORD=$BACKUP_PASSWORD PGSSLMODE=require PGHOST=db PGUSER=backup
file=${1:-$(ls -1t /backups/*.dump | head -n 1)}
scratch=restore_$$_$(date +%s)
createdb "$scratch"
trap 'dropdb --force "$scratch"' EXIT
pg_restore --list "$file" | grep -v EXTENSION > /tmp/contents
pg_restore --dbname "$scratch" --no-owner --no-privileges --exit-on-error --use-list /tmp/contents "$file"
psql --dbname "$scratch" --tuples-only --no-align --command "
  SELECT json_build_object('file', '$file', 'revision', (SELECT version_num FROM alembic_version),
    'users', (SELECT count(*) FROM users), 'bots', (SELECT count(*) FROM bots), 'trades', (SELECT count(*) FROM trades))"
printf 'restore_last_success_timestamp_seconds %s\n' "$(date +%s)" > /metrics/restore.part
mv /metrics/restore.part /metrics/restore.prom
