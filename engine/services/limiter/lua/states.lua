-- What is known of each limit: one text of packed numbers (doubles, which are exact), so that all limits of a question are
-- read by one command; a log, parts, leases and turns each have a key of their own, read only when they are needed. The
-- same as ../local/limit-state.ts.

local common = {
  'expiresUs', 'slotUs', 'factor', 'factorAtUs', 'cutBy', 'perSecond', 'capacity', 'observedUs', 'foreign',
  'foreignAtUs', 'virtual',
}
local ofKind = {
  bucket = { 'tatUs', 'intervalUs', 'meterUs', 'lastTatUs', 'lastAfterUs' },
  sliding = { 'taken', 'others' },
  fixed = { 'endUs', 'count', 'carry', 'pastEndUs', 'past', 'heldUntilUs' },
  concurrency = {},
}
local layouts = {}

-- Names of the numbers of a shape, in order, and their format.
local function layoutOf(kind)
  local layout = layouts[kind]
  if layout ~= nil then return layout end
  layout = { unpack(common) }
  for _, name in ipairs(ofKind[kind]) do layout[#layout + 1] = name end
  layout.format = '<' .. string.rep('d', #layout)
  layouts[kind] = layout
  return layout
end

local states = {}

local function put(state, name, value)
  state[name] = value
  state.changed = true
end

-- Of a bucket two texts follow.
local function readState(key, name, kind, found)
  local layout = layoutOf(kind)
  local state = { key = key, name = name, kind = kind, made = {}, lastId = '', dips = '' }
  if found then
    local numbers = { struct.unpack(layout.format, found) }
    for at, name in ipairs(layout) do state[name] = numbers[at] end
    if kind == 'bucket' then
      state.lastId, state.dips = string.match(string.sub(found, 8 * #layout + 1), '^(.-)\n(.*)$')
    end
  else
    for _, name in ipairs(layout) do state[name] = 0 end
    state.factor = 1
  end
  if state.perSecond == 0 then state.perSecond = nil end
  if state.capacity == 0 then state.capacity = nil end
  state.fresh = not found
  return state
end

local function packState(state)
  local layout, numbers = layoutOf(state.kind), {}
  for at, name in ipairs(layout) do numbers[at] = state[name] or 0 end
  local packed = struct.pack(layout.format, unpack(numbers))
  if state.kind ~= 'bucket' then return packed end
  return packed .. state.lastId .. '\n' .. state.dips
end

-- A limit that is declared with another shape begins anew.
local function storedAs(limit)
  return base .. 'limit ' .. limit.shape.kind .. ' ' .. keyOf(limit)
end

-- Reads what Redis knows of limits, by one command.
local function readLimits(limits)
  local unknown, names = {}, {}
  for _, limit in ipairs(limits) do
    if states[keyOf(limit)] == nil then
      unknown[#unknown + 1] = limit
      names[#names + 1] = storedAs(limit)
    end
  end
  if #unknown == 0 then return end
  local found = redis.call('MGET', unpack(names))
  for at, limit in ipairs(unknown) do
    states[keyOf(limit)] = readState(keyOf(limit), names[at], limit.shape.kind, found[at])
  end
end

local function subKey(state, name)
  return state.name .. ':' .. name
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
  -- While nobody knows who holds leases the key may not be there either.
  local held = leasesOf(state)
  if held == 0 or held == math.huge then made(state, 'leases') end
  redis.call('ZADD', subKey(state, 'leases'), endUs, ticket)
  state.held = nil
  state.changed = true
end

-- Until when what is known of a limit bears on anything.
local function meansUntil(state)
  local shape = state.shape
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

local function expire(state)
  local learned = state.cutBy > 0 or state.perSecond ~= nil or state.capacity ~= nil
  local keepUs = learned and C.learnedUs or C.keptUs
  local names = state.made
  local lastUs = math.max(now, meansUntil(state)) + keepUs
  if lastUs > state.expiresUs then
    state.expiresUs = lastUs + keepUs
    names = subKeys[state.kind]
    redis.call('ZREMRANGEBYSCORE', partitionsKey, '-inf', text(now))
    redis.call('ZADD', partitionsKey, state.expiresUs, state.key)
    redis.call('PEXPIRE', partitionsKey, C.domainUs / 1000)
  end
  local ms = math.ceil((state.expiresUs - now) / 1000)
  for _, name in ipairs(names) do redis.call('PEXPIRE', subKey(state, name), ms) end
  return ms
end

local function writeStates()
  for _, state in pairs(states) do
    if state.changed then
      keepCold(state)
      local ms = expire(state)
      redis.call('SET', state.name, packState(state), 'PX', ms)
    end
  end
end
