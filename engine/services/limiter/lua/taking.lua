-- Taking what a request costs, giving it back, and settling the difference. The same as ../local/taking.ts.

local function serialOf(ticket)
  return tonumber(string.match(ticket, '(%d+)$')) or 0
end

local function dipsOf(state)
  local dips = {}
  for serial, units in string.gmatch(state.dips, '(%S+):(%S+)') do
    dips[#dips + 1] = { tonumber(serial), tonumber(units) }
  end
  return dips
end

local function putDips(state, dips)
  local texts = {}
  for at, dip in ipairs(dips) do texts[at] = text(dip[1]) .. ':' .. text(dip[2]) end
  put(state, 'dips', table.concat(texts, ' '))
end

local function noteDip(limit, state, serial, found)
  local step = burstOf(limit, state, false) / C.dipsPerBurst
  local units = math.max(0, math.floor(found / step) * step)
  local dips = {}
  for _, dip in ipairs(dipsOf(state)) do
    if dip[2] < units then dips[#dips + 1] = dip end
  end
  dips[#dips + 1] = { serial, units }
  putDips(state, dips)
end

local function takeFromBucket(bound, ticket, factor)
  local limit, state = bound.limit, bound.state
  local arrival = arrivalUs(bound)
  put(state, 'intervalUs', intervalOf(limit, state, factor))
  noteDip(limit, state, ticket.serial, (arrival - ticket.slotUs) / state.intervalUs)
  put(state, 'tatUs', math.max(arrival, ticket.slotUs) + limit.cost * state.intervalUs)
  put(state, 'lastId', ticket.id)
  put(state, 'lastTatUs', arrival)
  put(state, 'lastAfterUs', state.tatUs)
end

local function takeFromLog(limit, state, ticket)
  local windowUs = limit.shape.windowUs
  local over, taken = 0, state.taken
  keepCold(state)
  local entry = logEntry(state, 1)
  while entry ~= nil and entry[1] <= now - windowUs do
    over = over + 1
    taken = taken - entry[2]
    entry = logEntry(state, over + 1)
  end
  if over > 0 then
    redis.call('ZREMRANGEBYRANK', subKey(state, 'log'), 0, over - 1)
    state.log = nil
    put(state, 'taken', entry == nil and 0 or taken)
  end
  addToLog(state, ticket.id, ticket.slotUs, limit.cost)
end

local function takeFromParts(limit, state, slotUs)
  local widthUs = limit.shape.windowUs / limit.shape.parts
  local oldest = math.floor((now - limit.shape.windowUs) / widthUs)
  local gone = {}
  for part in pairs(partsOf(state)) do
    if part < oldest then gone[#gone + 1] = part end
  end
  for at, part in ipairs(gone) do
    state.parts[part] = nil
    gone[at] = string.format('%.0f', part)
  end
  if #gone > 0 then redis.call('HDEL', subKey(state, 'parts'), unpack(gone)) end
  if next(state.parts) == nil then made(state, 'parts') end
  local part = math.floor(slotUs / widthUs)
  putPart(state, part, (state.parts[part] or 0) + limit.cost)
end

local function takeFromCalendar(bound, slotUs)
  local state, cost = bound.state, bound.limit.cost
  local windows = windowsAt(bound, now)
  put(state, 'endUs', windows.endUs)
  put(state, 'pastEndUs', windows.pastEndUs)
  put(state, 'count', windows.count + (slotUs < windows.endUs + C.guardUs and cost or 0))
  put(state, 'carry', windows.carry + (slotUs >= windows.endUs - C.guardUs and cost or 0))
  put(state, 'past', windows.past + (slotUs < windows.pastEndUs + C.guardUs and cost or 0))
end

local function takeLease(limit, state, ticket)
  redis.call('ZREMRANGEBYSCORE', subKey(state, 'leases'), '-inf', text(now))
  putLease(state, ticket.id, ticket.slotUs + limit.shape.leaseUs)
end

local function take(bound, ticket)
  local limit, state, frost = bound.limit, bound.state, bound.frost
  local factor = factorAt(state, frost, now)
  local kind = limit.shape.kind
  if kind == 'bucket' then takeFromBucket(bound, ticket, factor) end
  if frost.cut > state.cutBy then
    put(state, 'factor', factor)
    put(state, 'factorAtUs', now)
    put(state, 'cutBy', frost.cut)
    note('what', 'cut', 'limit', state.key, 'factor', text(factor))
  end
  if kind == 'sliding' and limit.shape.parts == nil then takeFromLog(limit, state, ticket) end
  if kind == 'sliding' and limit.shape.parts ~= nil then takeFromParts(limit, state, ticket.slotUs) end
  if kind == 'fixed' then takeFromCalendar(bound, ticket.slotUs) end
  if kind == 'concurrency' then takeLease(limit, state, ticket) end
  put(state, 'slotUs', math.max(state.slotUs, ticket.slotUs))
end

local function release(state, ticket)
  if redis.call('ZREM', subKey(state, 'leases'), ticket) == 0 then return false end
  if state.held ~= math.huge then state.held = nil end
  return true
end

-- Entries of a ticket; their cost may have been settled already.
local function settleLog(state, ticket, cost, actual)
  local member = ticket.id .. ' ' .. text(cost)
  local key = subKey(state, 'log')
  if redis.call('ZREM', key, member) == 0 then return end
  put(state, 'taken', state.taken - cost)
  state.log = nil
  if actual ~= nil then addToLog(state, ticket.id, ticket.slotUs, actual) end
end

local function settlePart(shape, state, slotUs, difference)
  local part = math.floor(slotUs / (shape.windowUs / shape.parts))
  local taken = partsOf(state)[part]
  if taken ~= nil then
    putPart(state, part, math.max(0, taken + difference))
    put(state, 'slotUs', state.slotUs)
  end
end

local function settleCalendar(state, slotUs, difference)
  if slotUs < state.pastEndUs + C.guardUs then put(state, 'past', state.past + math.max(0, difference)) end
  if slotUs < state.pastEndUs - C.guardUs then return end
  if slotUs < state.endUs + C.guardUs then put(state, 'count', math.max(0, state.count + difference)) end
  if slotUs >= state.endUs - C.guardUs then put(state, 'carry', math.max(0, state.carry + difference)) end
end

local function giveBack(bound, ticket)
  local limit, state = bound.limit, bound.state
  local shape = limit.shape
  if shape.kind == 'bucket' and state.lastId == ticket.id and state.tatUs == state.lastAfterUs then
    put(state, 'tatUs', state.lastTatUs)
  end
  if shape.kind == 'sliding' and shape.parts == nil then settleLog(state, ticket, limit.cost, nil) end
  if shape.kind == 'sliding' and shape.parts ~= nil then settlePart(shape, state, ticket.slotUs, -limit.cost) end
  if shape.kind == 'fixed' then settleCalendar(state, ticket.slotUs, -limit.cost) end
end

local function nextSerial(state)
  return state.lastId == '' and 0 or serialOf(state.lastId) + 1
end

local function charge(bound, units)
  local limit, state = bound.limit, bound.state
  if state.intervalUs == 0 then
    put(state, 'intervalUs', intervalOf(limit, state, factorAt(state, bound.frost, now)))
  end
  noteDip(limit, state, nextSerial(state), (state.tatUs - now) / state.intervalUs)
  put(state, 'tatUs', math.max(state.tatUs, now) + units * state.intervalUs)
end

local function refund(state, serial, units)
  local dips = dipsOf(state)
  local back = units
  for _, dip in ipairs(dips) do
    if dip[1] > serial then
      back = math.min(units, dip[2])
      break
    end
  end
  put(state, 'tatUs', math.max(state.tatUs - back * state.intervalUs, math.min(state.tatUs, now)))
  for _, dip in ipairs(dips) do
    if dip[1] > serial then dip[2] = dip[2] - back end
  end
  putDips(state, dips)
end

local function settleCost(bound, ticket, actual)
  local limit, state = bound.limit, bound.state
  local shape = limit.shape
  local difference = actual - limit.cost
  if shape.kind == 'bucket' then
    if difference > 0 then
      charge(bound, difference)
    else
      refund(state, serialOf(ticket.id), -difference)
    end
  end
  if shape.kind == 'fixed' then settleCalendar(state, ticket.slotUs, difference) end
  if shape.kind ~= 'sliding' then return end
  if shape.parts ~= nil then
    settlePart(shape, state, ticket.slotUs, difference)
  else
    settleLog(state, ticket, limit.cost, math.max(0, actual))
  end
end
