-- Taking what a request costs, at its slot. The same as ../local/taking.ts, as is giving-back.lua.

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

local function takeFromBucket(bound, ticket)
  local limit, state = bound.limit, bound.state
  local arrival = arrivalUs(bound)
  put(state, 'intervalUs', intervalNow(bound))
  noteDip(limit, state, ticket.serial, (arrival - ticket.slotUs) / state.intervalUs)
  put(state, 'tatUs', math.max(arrival, ticket.slotUs) + limit.cost * state.intervalUs)
  put(state, 'lastId', ticket.id)
  put(state, 'lastTatUs', arrival)
  put(state, 'lastAfterUs', state.tatUs)
  put(state, 'meterUs', math.max(state.meterUs, ticket.slotUs) + limit.cost * declaredUs(limit))
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
  if kind == 'bucket' then takeFromBucket(bound, ticket) end
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
