-- Reserves one request: the earliest slot at which all its limits conform, when that lies within the horizon; otherwise it
-- says when to ask again, and nothing is written but who waits. Answers `grant` or `later`, the wait, the limit that
-- decided, the number of processes, when the domain was made; then the ticket, its slot and the scopes that it tries, or
-- why, the cause and the reason of the freeze.

local roundsMax = 4

local function latest(bounds, low)
  local slot, binding = now, nil
  for _ = 1, roundsMax do
    local before = slot
    for _, bound in ipairs(bounds) do
      local own = slotOf(bound, slot, low)
      if own > slot then slot, binding = own, bound end
    end
    if slot == before then break end
  end
  return slot, binding
end

local function later(waitUs, why, boundBy, processes, cause, reason)
  return { 'later', text(waitUs), boundBy, processes, bootText(), why, cause or '', reason or '' }
end

local function fullLeases(bounds)
  for _, bound in ipairs(bounds) do
    if bound.limit.shape.kind == 'concurrency' then
      local slot = leaseSlot(bound)
      if slot > now then return bound, slot end
    end
  end
end

local function grant(ask, bounds, scopes, slot, binding, processes)
  domain.serial = domain.serial + 1
  putDomain('serial', domain.serial)
  local id = ask.process .. '-' .. string.format('%.0f', domain.serial)
  local ticket = { id = id, serial = domain.serial, slotUs = slot }
  local tried = probe(scopes, id, slot)
  for _, bound in ipairs(bounds) do take(bound, ticket) end
  served(bounds, ask, binding ~= nil)
  noteWaiting(ask, ask.backlog and binding and binding.limit or nil, slot)
  local boundBy = binding and binding.limit.id or ''
  return {
    'grant', text(slot - now), boundBy, processes, bootText(), ticket.id, text(slot), unpack(tried),
  }
end

local function answer(ask)
  domain.processes[ask.process] = now
  putDomain('p ' .. ask.process, text(now))
  local processes = countProcesses()
  local scopes = scopesOf(ask.limits)
  readFreezes(scopes)
  local freeze, frozenUs, why = frozen(scopes)
  if freeze then return later(frozenUs, why, 'freeze', processes, freeze.cause, freeze.reason) end
  forgetWaiting()
  local bounds = {}
  readLimits(ask.limits)
  for at, limit in ipairs(ask.limits) do bounds[at] = bind(limit) end
  local slot, binding = latest(bounds, ask.low)
  local other = outOfTurn(bounds, ask.member)
  if other then
    local waitUs = math.max(5000, intervalNow(other), math.min(slot - now, ask.horizonUs))
    noteWaiting(ask, other.limit, now + waitUs)
    return later(waitUs, 'turn', 'turn', processes)
  end
  local full, freeUs = fullLeases(bounds)
  local bound = full or (slot > now + ask.horizonUs and binding) or nil
  if bound then
    local waitUs = (full and freeUs or slot) - now
    noteWaiting(ask, bound.limit, now + waitUs)
    return later(waitUs, full and 'lease' or 'limit', bound.limit.id, processes)
  end
  return grant(ask, bounds, scopes, slot, binding, processes)
end

openDomain()
settleAll(input.settled, input.teller)
local found = answer(input.ask)
writeStates()
closeDomain()
return found
