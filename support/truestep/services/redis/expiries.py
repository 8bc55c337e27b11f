"""Moving the expiries of one database: of keys, and of fields of hashes."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import redis

from truestep.polling import pause, pauses

# What is over gets one more millisecond rather than a negative time: Redis then removes it itself,
# and says so in an `expired` notification. KEYS names each key once; SCAN may name one twice, which
# would move it twice. Fields of hashes have expiries since Redis 7.4; a hash that has some is never
# stored as a plain `listpack`.
_FIELDS = """
-- Calls a function with the names of some fields of a hash and the time that each has left, until
-- there are no more; returns whether the server knows of such times.
local function each_field(hash, visit)
  local names, at_once = redis.call('HKEYS', hash), 1000
  for first = 1, #names, at_once do
    local some = {unpack(names, first, math.min(first + at_once - 1, #names))}
    local times = redis.pcall('HPTTL', hash, 'FIELDS', #some, unpack(some))
    if times.err then
      return false
    end
    for number, left in ipairs(times) do
      visit(some[number], left)
    end
  end
  return true
end
"""
_ADVANCE = f"""
{_FIELDS}
redis.call('SELECT', ARGV[1])
local by, apart = tonumber(ARGV[2]), ARGV[3]
local keys, hashes, has_fields = {{}}, {{}}, true

local function after(left)
  return math.max(left - by, 1)
end

for _, key in ipairs(redis.call('KEYS', '*')) do
  if string.sub(key, 1, #apart) ~= apart then
    local left = redis.call('PTTL', key)
    if left >= 0 then
      redis.call('PEXPIRE', key, after(left))
      if after(left) == 1 then
        keys[#keys + 1] = key
      end
    end
    if has_fields and redis.call('TYPE', key).ok == 'hash'
        and redis.call('OBJECT', 'ENCODING', key) ~= 'listpack' then
      local is_over = false
      has_fields = each_field(key, function(name, left)
        if left >= 0 then
          redis.call('HPEXPIRE', key, after(left), 'FIELDS', 1, name)
          is_over = is_over or after(left) == 1
        end
      end)
      if is_over then
        hashes[#hashes + 1] = key
      end
    end
  end
end
return {{keys, hashes}}
"""
# Looking at a key makes Redis notice, at once, that its time is over. A key that somebody has set
# anew in the meantime is not waited for.
_KEYS_LEFT = """
redis.call('SELECT', ARGV[1])
local count = 0
for _, key in ipairs(KEYS) do
  local left = redis.call('PTTL', key)
  if left == 0 or left == 1 then
    count = count + 1
  end
end
return count
"""
# A field whose time is over has none (-2), but is counted, and in small hashes also shown, until
# Redis comes by and removes it.
_HASHES_LEFT = f"""
{_FIELDS}
redis.call('SELECT', ARGV[1])
local count = 0
for _, key in ipairs(KEYS) do
  local is_over = redis.call('HLEN', key) ~= #redis.call('HKEYS', key)
  each_field(key, function(_, left)
    is_over = is_over or left == 0 or left == 1 or left == -2
  end)
  if is_over then
    count = count + 1
  end
end
return count
"""
_AT_ONCE = 10_000


def advance(raw: redis.Redis, database: int, by: timedelta, *, apart: str) -> None:
    """Moves every expiry `by` nearer; returns when what ran out is gone.

    Args:
        raw: a client whose answers are bytes: keys need not be text.
        database: where to move them.
        by: the time that passes, to the millisecond.
        apart: keys that begin like this run by the time of the world.
    """
    by_ms = by // timedelta(milliseconds=1)
    keys, hashes = cast("list[list[bytes]]", raw.eval(_ADVANCE, 0, database, by_ms, apart))
    for script, over in ((_KEYS_LEFT, keys), (_HASHES_LEFT, hashes)):
        for first in range(0, len(over), _AT_ONCE):
            some = over[first : first + _AT_ONCE]
            for seconds in pauses():
                if not raw.eval(script, len(some), *some, database):
                    break
                pause(seconds)
