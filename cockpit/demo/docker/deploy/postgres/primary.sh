#!/bin/sh
# The primary: made at its first start, with its roles, and TLS for those who connect.
set -eu
export PGDATA=/data/pg
umask 077
cp /tls/server.key /tmp/server.key
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
  initdb --username postgres --pwfile /tmp/password --auth scram-sha-256 --no-locale --encoding UTF8 --no-sync > /dev/null
  rm /tmp/password
  {
    echo 'hostssl all all all scram-sha-256'
    echo 'hostssl replication replicator all scram-sha-256'
  } >> "$PGDATA/pg_hba.conf"
  pg_ctl start --wait --silent --options "-c listen_addresses='' -c unix_socket_directories=/tmp -c shared_preload_libraries=pg_stat_statements"
  PGPASSWORD=$POSTGRES_PASSWORD psql --quiet --host /tmp --username postgres --set ON_ERROR_STOP=1 \
    --set app="$APP_PASSWORD" --set owner="$OWNER_PASSWORD" --set replicator="$REPLICATOR_PASSWORD" \
    --set monitor="$MONITOR_PASSWORD" --set backup="$BACKUP_PASSWORD" --file /deploy/roles.sql
  pg_ctl stop --wait --silent --mode fast
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp \
  -c ssl=on -c ssl_cert_file=/tls/server.pem -c ssl_key_file=/tmp/server.key -c ssl_min_protocol_version=TLSv1.2 \
  -c shared_preload_libraries=pg_stat_statements -c shared_buffers=32MB -c max_connections=60 \
  -c wal_level=replica -c wal_keep_size=64MB \
  -c log_connections=on -c log_disconnections=on -c log_min_duration_statement=1000
