"""What a checklist is told of a sample system, so that its items are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

PROBE, STRANGER = "probe@trading-bot.test", "stranger@trading-bot.test"
"""The accounts that checks use, and one whose data the former may not see."""

if TYPE_CHECKING:
    from cockpit.demo.sample.system import System


def variables(system: System) -> dict[str, str]:
    """What a checklist may want to know, without what is secret."""
    deploy = system.repository / "deploy"
    observability = system.url("observability")
    return {
        "platforms": "docker-kubernetes",
        "health_url": f"{system.base_url}/health",
        "log_container": system.container("backend"),
        "process_pattern": "gunicorn",
        "release": system.version,
        "base_url": system.base_url,
        "plain_url": system.url("http", "/"),
        "ready_url": f"{system.base_url}/ready",
        "login_url": f"{system.base_url}/api/auth/login",
        "protected_url": f"{system.base_url}/api/bots",
        "foreign_url": f"{system.base_url}/api/bots/{system.foreign_bot}",
        "openapi_url": f"{system.base_url}/api/openapi.json",
        "asset_url": f"{system.base_url}/static/main.js",
        "cdn_url": f"https://127.0.0.1:{system.ports['cdn']}/static/main.js",
        "privacy_url": f"{system.base_url}/privacy.html",
        "exchange_url": system.url("exchange", "/api/v3/time"),
        "backend_container": system.container("backend"),
        "frontend_container": system.container("frontend"),
        "worker_container": system.container("worker"),
        "redis_container": system.container("redis"),
        "database_container": system.container("db"),
        "users_table": "users",
        "trades_table": "trades",
        "audit_table": "audit_log",
        "github_commit_url": f"{observability}/repos/acme/trading-bot/commits/release",
        "manifest_url": system.url("registry", f"/v2/trading-bot-backend/manifests/{system.version}"),
        "prometheus_url": system.url("prometheus"),
        "alertmanager_url": system.url("alertmanager"),
        "grafana_url": f"{observability}/grafana",
        "loki_url": f"{observability}/loki",
        "loki_selector": f'{{container="{system.container("backend")}"}}',
        "app_job": "trading-bot",
        "node_job": "node",
        "cadvisor_job": "cadvisor",
        "postgres_job": "postgres",
        "redis_job": "redis",
        "blackbox_job": "blackbox",
        "alertmanager_job": "alertmanager",
        "chat_integration": "slack",
        "pager_integration": "pagerduty",
        "business_metrics": "trades_total|registered_users",
        "backup_metric": "backup_last_success_timestamp_seconds",
        # What the shipped checklist does not ask for yet, and a checklist of one's own may.
        "repository": str(system.repository),
        "compose_file": str(deploy / "compose.yml"),
        "compose_environment": str(system.folder / ".env"),
        "compose_project": system.project,
        "websocket_url": f"{system.base_url.replace('https', 'wss')}/ws",
        "ca_file": str(system.folder / "tls" / "ca.pem"),
        "sink_url": system.url("sink", "/messages"),
        "proxy_container": system.container("proxy"),
        "replica_container": system.container("replica"),
        "backup_container": system.container("backup"),
    }


def environment(system: System) -> dict[str, str]:
    """What a command that measures the system has in its environment: secrets, whom to trust, the daemon."""
    return {
        "API_TOKEN": system.token,
        "DATABASE_URL": system.dsn(),
        "REPLICA_URL": system.dsn("replica", "monitor", "monitor_password"),
        "OWNER_URL": system.dsn("database", "trading_bot_owner", "owner_password"),
        "ADMIN_URL": system.dsn("database", "postgres", "postgres_password"),
        "PROBE_PASSWORD": system.secrets["probe_password"],
        "REDIS_URL": f"redis://:{system.secrets['redis_password']}@127.0.0.1:{system.ports['redis']}/0",
        "GRAFANA_TOKEN": system.secrets["grafana_token"],
        "GITHUB_TOKEN": system.secrets["github_token"],
        "SSL_CERT_FILE": str(system.folder / "tls" / "ca.pem"),
        "CURL_CA_BUNDLE": str(system.folder / "tls" / "ca.pem"),  # where this is set, curl looks at nothing else
        "DOCKER_HOST": system.host,
    }


def of_a_launch(system: System, release: str) -> dict[str, str]:
    """The variables of the checklist by which a demo takes `release` live, in green, and goes back to what runs now."""
    deploy, green = system.repository / "deploy", f"{system.project}-backend-green"
    backup = system.container("backup")
    return {
        **system.declared(),
        "release": release,
        "previous_release": system.version,
        "backend_image": f"{system.prefix}trading-bot-backend",
        "version_url": f"{system.base_url}/version",
        "manifest_url": system.url("registry", f"/v2/trading-bot-backend/manifests/{release}"),
        # What is asked of the back end is asked of the one that goes live.
        "backend_container": green,
        "log_container": green,
        "loki_selector": f'{{container="{green}"}}',
        "spare_container": green,
        "spare_slow_url": "http://backend-green:8000/slow",
        "proxy_container": system.container("proxy"),
        "public_network": f"{system.project}_application",
        "database_host": "db",
        "websocket_url": f"{system.base_url.replace('https', 'wss')}/ws",
        "probe_email": PROBE,
        "active_users_query": "sum(registered_users)",
        "restore_command": f"docker exec {backup} sh /deploy/restore.sh",
        "backup_list_command": f"docker exec {backup} sh -c 'ls -1 /backups/*.dump'",
        "backups_kept": "1",
        "repository": str(system.repository),
        "requirements_file": str(system.repository / "backend" / "requirements.txt"),
        "package_lock": "backend/requirements.lock",
        "backend_dockerfile": str(system.repository / "backend" / "Dockerfile"),
        "config_file": str(deploy / "compose.yml"),
        "changelog": str(system.repository / "CHANGELOG.md"),
        "runbook": str(system.repository / "docs" / "runbook.md"),
        # What only the plan of the demo uses.
        "system": str(system.folder),
        "deploy": str(deploy),
        "blue_container": f"{system.project}-backend-blue",
        "green_container": green,
        "backup_container": backup,
        "registry": f"127.0.0.1:{system.ports['registry']}",
    }
