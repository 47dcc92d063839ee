-- Keeps a reply, and drops what has expired and then what is oldest until the group is within its bound.
-- KEYS: replies (a hash of packed replies), expiry (their keys by the time until which they are of use)
-- ARGV: key, packed reply, epoch ms until which it is of use, epoch ms of now, bytes at most
local replies, expiry = KEYS[1], KEYS[2]
local key, reply = ARGV[1], ARGV[2]
local expires, now, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
-- The empty field holds the bytes of all others, so that it cannot be lost without them.
local total = ''
local dropped_max = 1000

local bytes = tonumber(redis.call('HGET', replies, total) or '0')

local function drop(name)
  bytes = bytes - redis.call('HSTRLEN', replies, name)
  redis.call('HDEL', replies, name)
  redis.call('ZREM', expiry, name)
end

drop(key)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, dropped_max)) do
  drop(name)
end
if #reply <= most then
  redis.call('HSET', replies, key, reply)
  redis.call('ZADD', expiry, expires, key)
  bytes = bytes + #reply
end
for _ = 1, dropped_max do
  local oldest = bytes > most and redis.call('ZRANGE', expiry, 0, 0)[1]
  if not oldest then break end
  drop(oldest)
end
redis.call('HSET', replies, total, bytes)
local keep = math.max(1, expires - now, redis.call('PTTL', replies))
redis.call('PEXPIRE', replies, keep)
redis.call('PEXPIRE', expiry, keep)
return bytes
