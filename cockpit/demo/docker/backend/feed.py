"""The feed: prices over a WebSocket, as the worker publishes them."""

from __future__ import annotations

import asyncio
import signal

import logs
import redis.asyncio as redis
import settings
import websockets

log = logs.logger("bot.feed")
_listeners: set[websockets.WebSocketServerProtocol] = set()


async def main() -> None:
    """Serve until SIGTERM."""
    ending = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, ending.set)
    prices = asyncio.create_task(_follow())
    async with websockets.serve(_listen, "0.0.0.0", 8001, ping_interval=10):  # noqa: S104 - within its network
        log.info("started")
        await ending.wait()
    prices.cancel()
    log.info("ended")


async def _listen(listener: websockets.WebSocketServerProtocol) -> None:
    _listeners.add(listener)
    try:
        async for message in listener:
            await listener.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        _listeners.discard(listener)


async def _follow() -> None:
    while True:
        try:
            async with redis.from_url(settings.get("REDIS_URL")) as cache, cache.pubsub() as subscribed:
                await subscribed.subscribe("prices")
                async for message in subscribed.listen():
                    if message["type"] == "message":
                        websockets.broadcast(_listeners, message["data"].decode())
        except (OSError, redis.RedisError) as problem:
            log.warning("waiting", extra={"problem": type(problem).__name__})
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
