"""The back end's HTTP interface: accounts, bots, trades, and what operators ask."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

import accounts
import limits
import logs
import metrics
import settings
import store
from flask import Flask, Response, abort, g, jsonify, request
from werkzeug.exceptions import HTTPException

VERSION, COLOUR = settings.get("APP_VERSION"), settings.get("APP_COLOUR")
ORIGIN, FAULT = settings.get("FRONTEND_ORIGIN"), settings.get("APP_FAULT")

app = Flask(__name__)
app.config["SECRET_KEY"] = settings.get("SECRET_KEY")
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
log = logs.logger("bot.http")


@app.before_request
def _begin() -> None:
    g.began = time.perf_counter()
    if request.path.startswith("/api/"):
        scope = "login" if request.path.startswith("/api/auth/") else "api"
        g.limit = limits.take(scope, request.headers.get("X-Real-IP", request.remote_addr or ""))
        if g.limit.left < 0:
            abort(HTTPStatus.TOO_MANY_REQUESTS, "too many requests")


@app.after_request
def _finish(response: Response) -> Response:
    response.headers.update(_SECURITY)
    if request.headers.get("Origin") == ORIGIN:
        response.headers["Access-Control-Allow-Origin"] = ORIGIN
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Vary"] = "Origin"
    if limit := g.get("limit"):
        response.headers["X-RateLimit-Limit"] = str(limit.most)
        response.headers["X-RateLimit-Remaining"] = str(max(limit.left, 0))
        response.headers["X-RateLimit-Reset"] = str(limit.seconds)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["Retry-After"] = str(limit.seconds)
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    if request.path not in {"/metrics", "/ready"}:
        metrics.requested(request.method, response.status_code, seconds)
    log.info(
        "request", extra={"method": request.method, "path": request.path, "status": response.status_code,
                          "ms": round(seconds * 1000, 1)},
    )  # fmt: skip
    return response


@app.errorhandler(HTTPException)
def _refused(problem: HTTPException) -> tuple[Response, int]:
    return jsonify(error=problem.description), problem.code or HTTPStatus.INTERNAL_SERVER_ERROR


@app.errorhandler(Exception)
def _failed(problem: Exception) -> tuple[Response, int]:
    log.error("failed", extra={"path": request.path, "problem": f"{type(problem).__name__}: {problem}"})
    return jsonify(error="internal error"), HTTPStatus.INTERNAL_SERVER_ERROR


# --- Accounts ---


@app.post("/api/auth/register")
def register() -> tuple[Response, int]:
    """Open an account."""
    email, password = _credentials()
    _long_enough(password)
    user = accounts.register(email, password)
    if user is None:
        abort(HTTPStatus.CONFLICT, "there is such an account")
    return jsonify(id=user), HTTPStatus.CREATED


@app.post("/api/auth/login")
def login() -> Response:
    """Exchange e-mail and password for a token."""
    token = accounts.login(*_credentials())
    if token is None:
        abort(HTTPStatus.UNAUTHORIZED, "wrong e-mail or password")
    return jsonify(token=token, expires_in=accounts.LIFETIME)


@app.post("/api/auth/forgotten")
def forgotten() -> tuple[Response, int]:
    """Mail what sets another password; the answer is the same where there is no such account."""
    email = _body().get("email")
    if not (isinstance(email, str) and 3 <= len(email) <= 254):
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, "an e-mail is needed, as text")
    accounts.forgotten(email.lower())
    return jsonify(mailed=True), HTTPStatus.ACCEPTED


@app.post("/api/auth/reset")
def reset() -> Response:
    """Set another password, with the token that was mailed."""
    email, password = _credentials()
    _long_enough(password)
    token = _body().get("token")
    if not (isinstance(token, str) and accounts.reset(email, token, password)):
        abort(HTTPStatus.UNAUTHORIZED, "the token is not valid, or not any more")
    return jsonify(reset=True)


@app.get("/api/account")
def account() -> Response:
    """Who the token belongs to."""
    return jsonify(id=_user())


# --- Bots and trades ---


@app.get("/api/bots")
def bots() -> Response:
    """The account's own bots."""
    return jsonify(bots=store.bots(_user()))


@app.post("/api/bots")
def new_bot() -> tuple[Response, int]:
    """Make a bot that trades one symbol."""
    user, body = _user(), _body()
    symbol, name = body.get("symbol"), body.get("name")
    if not (isinstance(symbol, str) and symbol.isalnum() and isinstance(name, str) and 0 < len(name) <= 80):
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, "a bot has a name and a symbol")
    return jsonify(id=store.new_bot(user, name, symbol.upper())), HTTPStatus.CREATED


@app.get("/api/bots/<int:bot>")
def one_bot(bot: int) -> Response:
    """One of the account's own bots."""
    return jsonify(_own(bot))


@app.post("/api/bots/<int:bot>/trades")
def new_trade(bot: int) -> tuple[Response, int]:
    """Order a trade; the worker carries it out at the exchange."""
    user, own, body = _user(), _own(bot), _body()
    side, amount = body.get("side"), body.get("amount")
    good = isinstance(amount, int | float) and not isinstance(amount, bool) and 0 < amount <= 1000
    if side not in {"buy", "sell"} or not good:
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, "a trade has a side, buy or sell, and an amount up to 1000")
    trade = store.new_trade(user, own["id"], own["symbol"], side, amount)
    metrics.TRADES.labels(side).inc()
    return jsonify(id=trade, state="ordered"), HTTPStatus.ACCEPTED


@app.get("/api/bots/<int:bot>/trades")
def trades(bot: int) -> Response:
    """The trades of one of the account's own bots, the newest first."""
    return jsonify(trades=store.trades(_own(bot)["id"]))


@app.get("/api/prices/<symbol>")
def price(symbol: str) -> Response:
    """The last price that the worker saw."""
    value = store.price(symbol)
    if value is None:
        abort(HTTPStatus.NOT_FOUND, "no price yet")
    return jsonify(symbol=symbol, price=float(value))


# --- What operators ask ---


@app.get("/health")
def health() -> tuple[Response, int]:
    """Whether this process serves."""
    if FAULT == "health":
        return jsonify(status="broken", version=VERSION), HTTPStatus.SERVICE_UNAVAILABLE
    return jsonify(status="ok", version=VERSION, colour=COLOUR), HTTPStatus.OK


@app.get("/ready")
def ready() -> tuple[Response, int]:
    """Whether all that this process needs can be reached."""
    found = store.reachable()
    good = all(found.values())
    return jsonify(ready=good, **found), HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE


@app.get("/version")
def version() -> Response:
    """What runs here."""
    return jsonify(version=VERSION, colour=COLOUR)


@app.get("/metrics")
def exposition() -> Response:
    """What Prometheus scrapes."""
    return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


@app.get("/slow")
def slow() -> Response:
    """Answer after two seconds: to watch a request in flight while an instance stops."""
    time.sleep(2)
    return jsonify(slept=2)


@app.get("/api/openapi.json")
def openapi() -> Response:
    """This interface, in OpenAPI."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        about = (app.view_functions[rule.endpoint].__doc__ or "").strip()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            path = rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
            operation = {"summary": about, "responses": {"200": {"description": about}}}
            paths.setdefault(path, {})[method.lower()] = operation
    return jsonify(openapi="3.1.0", info={"title": "Trading bot", "version": VERSION}, paths=paths)


# --- Details ---

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(HTTPStatus.BAD_REQUEST, "the body is one JSON object")
    return body


def _credentials() -> tuple[str, str]:
    body = _body()
    email, password = body.get("email"), body.get("password")
    if not (isinstance(email, str) and isinstance(password, str) and 3 <= len(email) <= 254 and len(password) <= 200):
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, "e-mail and password are needed, as text")
    return email.lower(), password


def _long_enough(password: str) -> None:
    if len(password) < 12:
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, "a password has twelve characters at least")


def _user() -> int:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    user = accounts.whose(token) if kind == "Bearer" else None
    if user is None:
        abort(HTTPStatus.UNAUTHORIZED, "a valid token is needed")
    return user


def _own(bot: int) -> dict[str, Any]:
    found = store.bot(_user(), bot)
    if found is None:
        abort(HTTPStatus.NOT_FOUND, "no such bot")
    return found
