#!/bin/sh
# The nightly backup: one now, then one a day; keeps seven. `backup.sh once` makes one and ends.
set -eu
export PGPASSWORD=$BACKUP_PASSWORD PGSSLMODE=require
once() {
  file=/backups/trading_bot-$(date -u +%Y%m%dT%H%M%SZ).dump
  pg_dump --host db --username backup --format custom --file "$file.part" trading_bot
  mv "$file.part" "$file"
  ls -1t /backups/*.dump | tail -n +8 | while read -r old; do rm "$old"; done
  printf 'backup_last_success_timestamp_seconds %s\nbackup_size_bytes %s\n' "$(date +%s)" "$(wc -c < "$file")" > /metrics/backup.part
  mv /metrics/backup.part /metrics/backup.prom
  echo "$file"
}
if [ "${1:-}" = once ]; then once; exit; fi
trap 'exit 0' TERM INT
while :; do
  if once; then wait_for=86400; else wait_for=10; fi
  sleep "$wait_for" & wait $!
done
