-- Freezes: a scope is the whole domain, a limit, or one partition of it. The same as ../local/freezes.ts.

local freezes = {}

local function packed(freeze)
  return table.concat({
    text(freeze.untilUs), text(freeze.probeUntilUs), freeze.count, freeze.half and 1 or 0, text(freeze.cut),
    freeze.probe, freeze.cause, freeze.reason,
  }, ' ')
end

local function unpacked(value)
  local untilUs, probeUntilUs, count, half, cut, tried, cause, reason =
    string.match(value, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S*) (%S+) (.*)$')
  return {
    untilUs = tonumber(untilUs), probeUntilUs = tonumber(probeUntilUs), count = tonumber(count), half = half == '1',
    cut = tonumber(cut), probe = tried, cause = cause, reason = reason,
  }
end

local function putFreeze(scope, freeze)
  freezes[scope] = freeze
  redis.call('HSET', freezesKey, scope, packed(freeze))
end

-- A freeze that waits for a person never expires.
local function expireFreezes()
  local lastUs = 0
  for _, freeze in pairs(freezes) do lastUs = math.max(lastUs, freeze and freeze.untilUs or 0) end
  if lastUs == math.huge then
    redis.call('PERSIST', freezesKey)
  else
    redis.call('PEXPIRE', freezesKey, math.ceil((math.max(0, lastUs - now) + 2 * C.frostUs) / 1000))
  end
end

local function readFreezes(scopes)
  local unknown = {}
  for _, scope in ipairs(scopes) do
    if freezes[scope] == nil then
      freezes[scope] = false
      unknown[#unknown + 1] = scope
    end
  end
  if #unknown == 0 then return end
  local found = redis.call('HMGET', freezesKey, unpack(unknown))
  for at, scope in ipairs(unknown) do freezes[scope] = found[at] and unpacked(found[at]) end
end

local function readAllFreezes()
  local found = redis.call('HGETALL', freezesKey)
  for at = 1, #found, 2 do freezes[found[at]] = unpacked(found[at + 1]) end
end

-- Scopes whose freezes bear on the limits, the widest first.
local function scopesOf(limits)
  local scopes, seen = { '' }, { [''] = true }
  for _, limit in ipairs(limits) do
    for _, scope in ipairs({ limit.id, keyOf(limit) }) do
      if not seen[scope] then
        seen[scope] = true
        scopes[#scopes + 1] = scope
      end
    end
  end
  return scopes
end

local function frostOf(limit)
  local untilUs, cut = 0, 0
  for _, scope in ipairs({ '', limit.id, keyOf(limit) }) do
    local freeze = freezes[scope]
    if freeze then
      if freeze.untilUs < math.huge then untilUs = math.max(untilUs, freeze.untilUs) end
      cut = math.max(cut, freeze.cut)
    end
  end
  return { untilUs = untilUs, cut = cut }
end

local function waitFor(freeze)
  if now < freeze.untilUs then return freeze.untilUs - now, 'freeze' end
  if not freeze.half or now >= freeze.probeUntilUs then return 0 end
  return math.min(C.probePollUs, freeze.probeUntilUs - now), 'probe'
end

-- The freeze that holds longest, how long, and why.
local function frozen(scopes)
  local longest, waitUs, why = nil, 0, nil
  for _, scope in ipairs(scopes) do
    local freeze = freezes[scope]
    if freeze then
      local us, kind = waitFor(freeze)
      if us > waitUs then longest, waitUs, why = freeze, us, kind end
    end
  end
  return longest, waitUs, why
end

local function probe(scopes, ticket, slotUs)
  local tried = {}
  for _, scope in ipairs(scopes) do
    local freeze = freezes[scope]
    if freeze and freeze.half then
      freeze.probe = ticket
      freeze.probeUntilUs = slotUs + C.probeLeaseUs
      putFreeze(scope, freeze)
      tried[#tried + 1] = scope
    end
  end
  return tried
end

local function probed(ticket, answered)
  readFreezes(ticket.probes)
  local changed = false
  for _, scope in ipairs(ticket.probes) do
    local freeze = freezes[scope]
    if freeze and freeze.probe == ticket.id then
      changed = true
      freeze.probe = ''
      freeze.probeUntilUs = 0
      if answered then
        freeze.half = false
        freeze.count = 0
      end
      putFreeze(scope, freeze)
    end
  end
  return changed
end
