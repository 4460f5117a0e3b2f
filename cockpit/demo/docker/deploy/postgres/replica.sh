#!/bin/sh
# The replica: copied from the primary at its first start, then it follows.
set -eu
export PGDATA=/data/pg
umask 077
cp /tls/server.key /tmp/server.key
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_basebackup --dbname "host=db user=replicator password=$REPLICATOR_PASSWORD sslmode=require" \
    --pgdata "$PGDATA" --write-recovery-conf --wal-method stream --checkpoint fast --no-sync; do
    sleep 1
  done
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp \
  -c ssl=on -c ssl_cert_file=/tls/server.pem -c ssl_key_file=/tmp/server.key -c ssl_min_protocol_version=TLSv1.2 \
  -c shared_preload_libraries=pg_stat_statements -c shared_buffers=32MB -c max_connections=60 -c hot_standby=on
