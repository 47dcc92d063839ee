-- Gives a lock back, unless somebody else holds it by now.
-- KEYS: lock; ARGV: token of the holder
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
