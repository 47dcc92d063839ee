-- What is known of each limit: numbers in a hash; a log, parts, leases and turns each in a key of their own, read only when
-- they are needed. The same as ../local/limit-state.ts.

local common = {
  'slotUs', 'factor', 'factorAtUs', 'cutBy', 'perSecond', 'capacity', 'observedUs', 'foreign', 'foreignAtUs', 'virtual',
  'expiresUs',
}
local ofKind = {
  bucket = { 'tatUs', 'intervalUs', 'lastTatUs', 'lastAfterUs' },
  sliding = { 'taken', 'others' },
  fixed = { 'endUs', 'count', 'carry', 'pastEndUs', 'past', 'heldUntilUs' },
  concurrency = {},
}
local textsOf = { bucket = { 'lastId', 'dips' }, sliding = {}, fixed = {}, concurrency = {} }
local unset = { perSecond = true, capacity = true }
local otherwise = { factor = 1 }

local states = {}

local function put(state, name, value)
  state[name] = value
  state.changed[name] = true
end

local function readState(key, kind)
  local names = {}
  for _, name in ipairs(common) do names[#names + 1] = name end
  for _, name in ipairs(ofKind[kind]) do names[#names + 1] = name end
  local numbers = #names
  for _, name in ipairs(textsOf[kind]) do names[#names + 1] = name end
  local hash = base .. 'limit ' .. key
  local found = redis.call('HMGET', hash, unpack(names))
  local state = { key = key, hash = hash, kind = kind, changed = {}, made = {} }
  for at, name in ipairs(names) do
    if at > numbers then
      state[name] = found[at] or ''
    elseif found[at] or not unset[name] then
      state[name] = tonumber(found[at]) or otherwise[name] or 0
    end
  end
  -- Every state that was ever written has one.
  state.fresh = state.expiresUs == 0
  return state
end

local function subKey(state, name)
  return state.hash .. ':' .. name
end

-- A key that did not exist has no expiry yet.
local function made(state, name)
  state.made[#state.made + 1] = name
end

-- Oldest entry first: {at, cost, member}; more of them are read when they are asked for.
local function logEntry(state, index)
  local log = state.log
  if log == nil then
    log = {}
    state.log = log
    state.logEnds = state.fresh and not state.logMade
    if state.cold then log[1] = state.cold end
  end
  while index > #log and not state.logEnds do
    local page = redis.call('ZRANGE', subKey(state, 'log'), #log, #log + C.logPage - 1, 'WITHSCORES')
    for at = 1, #page, 2 do
      log[#log + 1] = { tonumber(page[at + 1]), tonumber(string.match(page[at], ' (%S+)$')), page[at] }
    end
    if #page < 2 * C.logPage then state.logEnds = true end
  end
  return log[index]
end

-- What the log is taken to hold while Redis knows nothing must stand as soon as it knows something.
local function keepCold(state)
  local cold = state.cold
  if cold == nil then return end
  state.cold = nil
  state.logMade = true
  made(state, 'log')
  redis.call('ZADD', subKey(state, 'log'), cold[1], cold[3])
  put(state, 'taken', state.taken)
end

local function addToLog(state, id, atUs, cost)
  keepCold(state)
  state.logMade = true
  if logEntry(state, 1) == nil then made(state, 'log') end
  redis.call('ZADD', subKey(state, 'log'), atUs, id .. ' ' .. text(cost))
  put(state, 'taken', state.taken + cost)
  state.log = nil
end

local function partsOf(state)
  if state.parts == nil then
    state.parts = {}
    local found = state.fresh and {} or redis.call('HGETALL', subKey(state, 'parts'))
    if #found == 0 then made(state, 'parts') end
    for at = 1, #found, 2 do state.parts[tonumber(found[at])] = tonumber(found[at + 1]) end
  end
  return state.parts
end

local function putPart(state, part, taken)
  state.parts[part] = taken
  redis.call('HSET', subKey(state, 'parts'), string.format('%.0f', part), taken)
end

local function finishOf(state)
  if state.finish == nil then
    state.finish = {}
    local found = state.fresh and {} or redis.call('HGETALL', subKey(state, 'finish'))
    if #found == 0 then made(state, 'finish') end
    for at = 1, #found, 2 do state.finish[found[at]] = tonumber(found[at + 1]) end
  end
  return state.finish
end

-- Number of leases that hold, and when the first of them ends.
local function leasesOf(state)
  if state.held == nil then
    local key = subKey(state, 'leases')
    local after = '(' .. text(now)
    local first = redis.call('ZRANGEBYSCORE', key, after, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    state.firstEndUs = tonumber(first[2])
    state.held = #first == 0 and 0 or redis.call('ZCOUNT', key, after, '+inf')
  end
  return state.held, state.firstEndUs
end

local function putLease(state, ticket, endUs)
  if leasesOf(state) == 0 then made(state, 'leases') end
  redis.call('ZADD', subKey(state, 'leases'), endUs, ticket)
  state.held = nil
  state.changed.leases = true
end

-- Until when what is known of a limit bears on anything.
local function meansUntil(state, shape)
  local kind = shape.kind
  if kind == 'bucket' then return state.tatUs end
  if kind == 'sliding' then return math.max(now, state.slotUs) + shape.windowUs end
  if kind == 'fixed' then return math.max(state.heldUntilUs, state.endUs, shape.endsUs[2] or 0) end
  return math.max(now, state.slotUs) + shape.leaseUs
end

local subKeys = {
  bucket = { 'finish' },
  sliding = { 'finish', 'log', 'parts' },
  fixed = { 'finish' },
  concurrency = { 'finish', 'leases' },
}

local function expire(state, shape)
  local learned = state.cutBy > 0 or state.perSecond ~= nil or state.capacity ~= nil
  local keepUs = learned and C.learnedUs or C.keptUs
  local names = state.made
  local lastUs = math.max(now, meansUntil(state, shape)) + keepUs
  if lastUs > state.expiresUs then
    put(state, 'expiresUs', lastUs + keepUs)
    names = subKeys[state.kind]
    redis.call('ZREMRANGEBYSCORE', partitionsKey, '-inf', text(now))
    redis.call('ZADD', partitionsKey, state.expiresUs, state.key)
    redis.call('PEXPIRE', partitionsKey, C.domainUs / 1000)
  end
  local ms = math.ceil((state.expiresUs - now) / 1000)
  for _, name in ipairs(names) do redis.call('PEXPIRE', subKey(state, name), ms) end
  return state.changed.expiresUs and ms
end

local function writeState(state, shape)
  if next(state.changed) == nil then return end
  if state.fresh and state.kind == 'bucket' then put(state, 'tatUs', state.tatUs) end
  keepCold(state)
  local ms = expire(state, shape)
  state.changed.leases = nil
  local changes = {}
  for name in pairs(state.changed) do
    changes[#changes + 1] = name
    changes[#changes + 1] = state[name]
  end
  if #changes > 0 then redis.call('HSET', state.hash, unpack(changes)) end
  if ms then redis.call('PEXPIRE', state.hash, ms) end
end

local function writeStates()
  for _, bound in pairs(states) do writeState(bound.state, bound.limit.shape) end
end
