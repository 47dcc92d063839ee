-- Turns between members that wait for the same limit. The same as ../local/turns.ts.

local function startOf(state, member)
  return math.max(finishOf(state)[member] or 0, state.virtual)
end

-- The least start of others that wait for a limit; nil when nobody does.
local function leastOther(bound, member)
  local least
  for other, waiting in pairs(domain.waiting) do
    if other ~= member and waiting.key == bound.state.key and waiting.untilUs > now then
      local start = startOf(bound.state, other)
      if least == nil or start < least then least = start end
    end
  end
  return least
end

local function quantum(bound)
  local interval = intervalNow(bound)
  return math.max(C.quantumRequests, interval > 0 and C.quantumUs / interval or 0)
end

local function outOfTurn(bounds, member)
  for _, bound in ipairs(bounds) do
    local least = leastOther(bound, member)
    if least ~= nil and startOf(bound.state, member) > least + quantum(bound) then return bound end
  end
end

local function serve(bound, least, start, member, weight)
  local state = bound.state
  put(state, 'virtual', math.max(state.virtual, math.min(start, least or start)))
  local finish, key, over = finishOf(state), subKey(state, 'finish'), {}
  for other, at in pairs(finish) do
    if at <= state.virtual then over[#over + 1] = other end
  end
  for _, other in ipairs(over) do finish[other] = nil end
  if #over > 0 then redis.call('HDEL', key, unpack(over)) end
  if next(finish) == nil then made(state, 'finish') end
  finish[member] = start + bound.limit.cost / weight
  redis.call('HSET', key, member, finish[member])
end

local function served(bounds, ask, contended)
  for _, bound in ipairs(bounds) do
    local least = leastOther(bound, ask.member)
    if least ~= nil or contended then
      serve(bound, least, startOf(bound.state, ask.member), ask.member, ask.weight)
    end
  end
end

local function noteWaiting(ask, limit, againUs)
  if limit == nil then
    if domain.waiting[ask.member] ~= nil then forget('w ', ask.member) end
    domain.waiting[ask.member] = nil
    return
  end
  local untilUs = math.min(againUs, now + C.waitedForUs) + C.guardUs
  domain.waiting[ask.member] = { untilUs = untilUs, key = keyOf(limit) }
  putDomain('w ' .. ask.member, text(untilUs) .. ' ' .. keyOf(limit))
end

-- Those that are waited for no longer.
local function forgetWaiting()
  for member, waiting in pairs(domain.waiting) do
    if waiting.untilUs <= now then
      domain.waiting[member] = nil
      forget('w ', member)
    end
  end
end
