"""Tokens and rate limits shared by all workers, on all machines, through Redis."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import redis
from redis.exceptions import LockError, RedisError

from .bol.errors import SharedStoreUnavailable
from .bol.limiter import Permit, longer_window

LOCK_LIFE = 60.0  # seconds; longer than asking bol for a token may take, so that it ends only with its holder
LOCK_WAIT = 50.0
REMEMBER = 86_400  # seconds that a budget nobody uses is kept: a learned limit is worth a day

# The clock is the server's: workers on several machines must agree where a window begins. Numbers travel as text,
# because Redis would cut the fractions off. The steps are those of MemoryLimiter.
_NOW = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local function number(field) return tonumber(redis.call('HGET', KEYS[1], field) or '') end
local function text(value) return string.format('%.6f', value) end
"""

_RESERVE = (
    _NOW
    + """
local limit = number('limit') or tonumber(ARGV[1])
local window = number('window') or tonumber(ARGV[2])
local max_wait = tonumber(ARGV[3])
local phase = number('phase') or 0
local front = math.min(1, math.max(0.02, window / 50))
local tail = math.min(1, window / 10)
local earliest = math.max(now, number('pause_until') or 0)
local begin = math.floor((earliest - phase) / window) * window + phase
if earliest > begin + window - tail then begin = begin + window end
local opened, used = number('opened') or 0, number('used') or 0
if begin > opened + window / 2 then
  opened, used = begin, 0
elseif used >= limit then
  opened, used = opened + window, 0
end
local wait = math.max(0, math.max(earliest, opened + front) - now)
if wait > max_wait then
  return {0, text(wait), '0', '0', text(window), limit, 0}
end
redis.call('HSET', KEYS[1], 'opened', text(opened), 'used', used + 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {1, text(wait), text(opened + window - tail / 2 - now), text(opened), text(window), limit, limit - used - 1}
"""
)

_LEARN = (
    _NOW
    + """
local limit, remaining, reset = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local window, opened = tonumber(ARGV[4]), tonumber(ARGV[5])
local phase = number('phase') or 0
local seen = (now + reset) % window
local is_another = window ~= (number('window') or tonumber(ARGV[6]))
if window >= 10 and math.min((seen - phase) % window, (phase - seen) % window) > 2 + tonumber(ARGV[8]) then
  phase, is_another = seen, true
end
redis.call('HSET', KEYS[1], 'limit', limit, 'window', text(window), 'phase', text(phase))
if is_another then
  local began = math.floor((now - phase) / window) * window + phase
  redis.call('HSET', KEYS[1], 'opened', text(began), 'used', limit - remaining)
elseif math.abs((number('opened') or 0) - opened) < window / 2 and limit - remaining > (number('used') or 0) then
  redis.call('HSET', KEYS[1], 'used', limit - remaining)
end
redis.call('EXPIRE', KEYS[1], ARGV[7])
"""
)

_PAUSE = (
    _NOW
    + """
local until_then = math.max(now + tonumber(ARGV[1]), number('pause_until') or 0)
redis.call('HSET', KEYS[1], 'pause_until', text(until_then))
redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
)

_PAUSED = _NOW + "return text(math.max(0, (number('pause_until') or 0) - now))"


class RedisLimiter:
    """A RateLimiter (see bol/limiter.py) for all workers that share this Redis."""

    def __init__(self, connection: "redis.Redis") -> None:
        self._reserve = connection.register_script(_RESERVE)
        self._learn = connection.register_script(_LEARN)
        self._pause = connection.register_script(_PAUSE)
        self._paused = connection.register_script(_PAUSED)

    def reserve(self, key: str, *, limit: int, window: float, max_wait: float) -> Permit:
        granted, wait, valid_for, opened, length, allowed, left = _asked(
            self._reserve, key, limit, window, max_wait, REMEMBER
        )
        return Permit(
            granted=bool(granted),
            wait=float(wait),
            valid_for=float(valid_for),
            opened=float(opened),
            window=float(length),
            limit=int(allowed),
            left=int(left),
        )

    def learn(self, key: str, permit: Permit, *, limit: int, remaining: int, reset: float, age: float = 0.0) -> None:
        window = longer_window(permit.window, reset)
        opened = f"{permit.opened:.6f}"
        _asked(self._learn, key, limit, remaining, reset, window, opened, permit.window, REMEMBER, age)

    def pause(self, key: str, seconds: float) -> None:
        _asked(self._pause, key, seconds, max(REMEMBER, int(seconds) + 1))

    def paused(self, key: str) -> float:
        return float(_asked(self._paused, key))


class RedisTokenStore:
    """A TokenStore (see bol/tokens.py) for all workers that share this Redis."""

    def __init__(self, connection: "redis.Redis") -> None:
        self._redis = connection

    def read(self, key: str) -> bytes | None:
        with _redis_trouble():
            value = self._redis.get(_name(key))
        return value if isinstance(value, bytes) else None

    def write(self, key: str, value: bytes, *, seconds: int) -> None:
        with _redis_trouble():
            self._redis.set(_name(key), value, ex=seconds)

    def lock(self, key: str) -> AbstractContextManager[object]:
        return _held(self._redis, _name(f"lock:{key}"))


@contextmanager
def _held(connection: "redis.Redis", name: str) -> Iterator[None]:
    lock = connection.lock(name, timeout=LOCK_LIFE, blocking_timeout=LOCK_WAIT, sleep=0.05, thread_local=False)
    with _redis_trouble():
        is_held = lock.acquire()
    if not is_held:
        raise SharedStoreUnavailable("Another worker is busy asking bol.com for access and does not finish.")
    try:
        yield
    finally:
        # A lock that outlived its time is no trouble: whoever holds it now will free it.
        with _redis_trouble(), suppress(LockError):
            lock.release()


@contextmanager
def _redis_trouble() -> Iterator[None]:
    try:
        yield
    except RedisError:
        raise SharedStoreUnavailable("The store that the workers share (Redis) does not answer.") from None


def _asked(script: Callable[..., Any], key: str, *arguments: object) -> Any:
    with _redis_trouble():
        return script(keys=[_name(key)], args=list(arguments))


def _name(key: str) -> str:
    """The name in Redis tells nobody which account it is about."""
    return "stoqflow:bol:" + hashlib.sha256(key.encode()).hexdigest()[:40]
