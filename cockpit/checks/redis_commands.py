"""Which of Redis's commands only read; no I/O.

The server's own flag `readonly` (`COMMAND INFO`), less what runs scripts, counts as a use of a key or caches in it, and
the questions about the server itself. A list rather than a question to the server: a wrong checklist is refused before
anything is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

READING = frozenset(
    """
    bitcount bitfield_ro bitpos dbsize dump exists expiretime geodist geohash geopos georadius_ro georadiusbymember_ro
    geosearch get getbit getrange hexists hget hgetall hkeys hlen hmget hrandfield hscan hstrlen hvals keys lcs lindex
    llen lpos lrange mget pexpiretime pttl randomkey scan scard sdiff sinter sintercard sismember smembers smismember
    sort_ro srandmember sscan strlen substr sunion ttl type xlen xpending xrange xread xrevrange zcard zcount zdiff
    zinter zintercard zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex
    zrevrangebyscore zrevrank zscan zscore zunion
    """.split()  # noqa: SIM905 - one word a line would fill two pages
)

ASKING = frozenset({"echo", "info", "lastsave", "ping", "role", "time"})

ASKING_IN_TWO_WORDS = {
    "acl": {"whoami"},
    "client": {"getname", "id", "info"},
    "cluster": {"countkeysinslot", "info", "keyslot", "myid", "nodes", "shards", "slots"},
    "command": {"count"},
    "latency": {"doctor", "history", "latest"},
    "memory": {"doctor", "stats", "usage"},
    "module": {"list"},
    "object": {"encoding", "freq", "idletime", "refcount"},
    "pubsub": {"channels", "numpat", "numsub", "shardchannels", "shardnumsub"},
    "sentinel": {"ckquorum", "get-master-addr-by-name", "master", "masters", "replicas", "sentinels"},
    "slowlog": {"get", "len"},
    "xinfo": {"consumers", "groups", "stream"},
}

SECRET_SETTINGS = frozenset({"requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"})
"""Settings whose values are passwords."""


def only_reads(command: Sequence[str]) -> bool:
    """Whether a command changes nothing, in the data or in the server."""
    first, second = [*(str(word).lower() for word in command[:2]), "", ""][:2]
    return first in READING or first in ASKING or second in ASKING_IN_TWO_WORDS.get(first, ())
