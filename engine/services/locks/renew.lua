-- Holds a lock for longer, unless somebody else holds it by now.
-- KEYS: lock; ARGV: token of the holder, how long in ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
