-- The database and who may do what in it. The application's own role owns nothing.
CREATE ROLE trading_bot_owner LOGIN PASSWORD :'owner';
CREATE ROLE trading_bot LOGIN PASSWORD :'app' CONNECTION LIMIT 30;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replicator';
CREATE ROLE monitor LOGIN PASSWORD :'monitor' IN ROLE pg_monitor;
CREATE ROLE backup LOGIN CREATEDB PASSWORD :'backup' IN ROLE pg_read_all_data;
CREATE DATABASE trading_bot OWNER trading_bot_owner;
REVOKE ALL ON DATABASE trading_bot FROM PUBLIC;
GRANT CONNECT ON DATABASE trading_bot TO trading_bot, monitor, backup;
\connect trading_bot
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO trading_bot_owner;
GRANT USAGE ON SCHEMA public TO trading_bot, monitor, backup;
CREATE EXTENSION pg_stat_statements;
