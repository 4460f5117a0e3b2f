"""What a checklist is told of a sample system, so that its items are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.demo.sample.repository import RELEASES

PROBE, STRANGER = "probe@trading-bot.test", "stranger@trading-bot.test"
"""The accounts that checks use, and one whose data the former may not see."""

if TYPE_CHECKING:
    from cockpit.demo.sample.system import System


def variables(system: System) -> dict[str, str]:
    """What `checklists/production` wants to know of what users get now, without what is secret."""
    repository, backup = system.repository, system.container("backup")
    observability = system.url("observability")
    idle = "green" if system.active == "blue" else "blue"
    return {
        "platforms": "docker-kubernetes",
        "health_url": f"{system.base_url}/health",
        "log_container": system.container("backend"),
        "process_pattern": "gunicorn",
        "release": system.version,
        "previous_release": next(each for each in RELEASES if each != system.version),
        "base_url": system.base_url,
        "plain_url": system.url("http", "/"),
        "ready_url": f"{system.base_url}/ready",
        "login_url": f"{system.base_url}/api/auth/login",
        "probe_email": PROBE,
        "protected_url": f"{system.base_url}/api/bots",
        "foreign_url": f"{system.base_url}/api/bots/{system.foreign_bot}",
        "version_url": f"{system.base_url}/version",
        "mail_request_url": f"{system.base_url}/api/auth/forgotten",
        "mailbox_url": system.url("sink", "/messages"),
        "websocket_url": f"{system.base_url.replace('https', 'wss')}/ws",
        "openapi_url": f"{system.base_url}/api/openapi.json",
        "asset_url": f"{system.base_url}/static/main.js",
        "cdn_url": f"https://127.0.0.1:{system.ports['cdn']}/static/main.js",
        "pages": "/,/privacy.html",
        "privacy_url": f"{system.base_url}/privacy.html",
        "exchange_url": system.url("exchange", "/api/v3/time"),
        "backend_container": system.container("backend"),
        "frontend_container": system.container("frontend"),
        "worker_container": system.container("worker"),
        "redis_container": system.container("redis"),
        "database_container": system.container("db"),
        "proxy_container": system.container("proxy"),
        "spare_container": system.container(f"backend-{idle}"),
        "spare_slow_url": f"http://backend-{idle}:8000/slow",
        "public_network": f"{system.project}_application",
        "database_host": "db",
        "users_table": "users",
        "trades_table": "trades",
        "audit_table": "audit_log",
        "audit_actions": "login,registered",
        "unaudited_query": _UNAUDITED,
        "data_classes": "public|internal|confidential|personal|secret",
        "database_logins": "trading_bot,trading_bot_owner,replicator,monitor,backup,postgres",
        "restore_command": f"docker exec {backup} sh /deploy/restore.sh",
        "backup_list_command": f"docker exec {backup} sh -c 'ls -1 /backups/*.dump || true'",
        "backups_kept": "1",
        "repository": str(repository),
        "requirements_file": str(repository / "backend" / "requirements.txt"),
        "package_lock": "backend/requirements.lock",
        "backend_dockerfile": str(repository / "backend" / "Dockerfile"),
        "backend_image": f"{system.prefix}trading-bot-backend",
        "required_setting": "SECRET_KEY",
        "config_file": str(repository / "deploy" / "compose.yml"),
        "configuration_guide": str(repository / "docs" / "configuration.md"),
        "changelog": str(repository / "CHANGELOG.md"),
        "coverage_report": str(repository / "ci" / "coverage.json"),
        "runbook": str(repository / "docs" / "runbook.md"),
        "github_commit_url": f"{observability}/repos/acme/trading-bot/commits/release",
        "deployment_run": "(?i)deploy",
        "manifest_url": _manifest(system, system.version),
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
        "alert_sink_url": system.url("sink", "/messages"),
        "chat_integration": "slack",
        "pager_integration": "pagerduty",
        "business_metrics": "trades_total|registered_users",
        "active_users_query": "sum(registered_users)",
        "incidents_query": "count(probe_success == 0) or vector(0)",
        "missing_trades_query": "max(trades_missing)",
        "backup_metric": "backup_last_success_timestamp_seconds",
        "restore_metric": "restore_last_success_timestamp_seconds",
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
    green = system.container("backend-green")
    return {
        **variables(system),
        "release": release,
        "previous_release": system.version,
        "manifest_url": _manifest(system, release),
        # What is asked of the back end is asked of the one that goes live.
        "backend_container": green,
        "log_container": green,
        "loki_selector": f'{{container="{green}"}}',
        # What only the plan of the demo uses.
        "system": str(system.folder),
        "deploy": str(system.repository / "deploy"),
        "blue_container": system.container("backend-blue"),
        "green_container": green,
        "backup_container": system.container("backup"),
        "registry": f"127.0.0.1:{system.ports['registry']}",
    }


def _manifest(system: System, release: str) -> str:
    return system.url("registry", f"/v2/trading-bot-backend/manifests/{release}")


_UNAUDITED = (
    "SELECT count(*) FROM trades t WHERE (SELECT count(*) FROM audit_log"
    " WHERE action IN ('ordered trade ' || t.id, 'filled trade ' || t.id)) < CASE state WHEN 'filled' THEN 2 ELSE 1 END"
)
"""An order is recorded, and so is its filling."""
