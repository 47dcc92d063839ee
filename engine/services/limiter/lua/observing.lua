-- What replies say of limits, which they can only tighten. The same as ../local/observing.ts.

-- Units that the provider has counted and that were not ours.
local function metered(bound, used, agoUs)
  local state, interval = bound.state, declaredUs(bound.limit)
  local level = math.max(0, state.meterUs - math.max(now, state.slotUs)) / interval
  local units = used - agoUs / interval - level
  if units <= C.roundingUnits then return 0 end
  put(state, 'meterUs', math.max(state.meterUs, now) + units * interval)
  return units
end

local function liftBucket(bound, said, agoUs)
  local limit, state = bound.limit, bound.state
  local used = said.used
  if used == nil and said.remaining ~= nil then
    used = (said.capacity or limit.shape.capacity) - said.remaining
  end
  if used == nil then return nil end
  local interval = intervalNow(bound)
  local arrival = arrivalUs(bound)
  local level = math.max(0, arrival - math.max(now, state.slotUs)) / interval
  local units = used - agoUs / interval - level
  local foreign = metered(bound, used, agoUs)
  if units <= C.roundingUnits then return foreign end
  put(state, 'intervalUs', interval)
  put(state, 'tatUs', math.max(arrival, now) + units * interval)
  putDips(state, { { nextSerial(state), 0 } })
  return foreign
end

local function missing(bound, said, counted)
  local limit, state = bound.limit, bound.state
  local left = said.remaining
  if left == nil then
    if said.used == nil then return nil end
    left = (said.capacity or countOf(limit, {}, 1) / limit.used) - said.used
  end
  local count = countOf(limit, state, factorAt(state, bound.frost, now))
  return math.max(0, count - math.max(0, left) - counted)
end

local function countLog(state, windowUs)
  local counted, index = state.taken, 1
  local entry = logEntry(state, 1)
  while entry ~= nil and entry[1] <= now - windowUs do
    counted = counted - entry[2]
    index = index + 1
    entry = logEntry(state, index)
  end
  return counted
end

local function liftWindow(bound, said)
  local state, shape = bound.state, bound.limit.shape
  if shape.parts == nil then
    local units = missing(bound, said, countLog(state, shape.windowUs))
    if units == nil or units == 0 then return units end
    put(state, 'others', state.others + 1)
    addToLog(state, 'others-' .. text(state.others), now, units)
    return units
  end
  local widthUs = shape.windowUs / shape.parts
  local _, counted = partsFrom(state, math.floor((now - shape.windowUs) / widthUs))
  local units = missing(bound, said, counted)
  if units == nil or units == 0 then return units end
  local part = math.floor(now / widthUs)
  putPart(state, part, (state.parts[part] or 0) + units)
  return units
end

local function liftCalendar(bound, said, agoUs)
  local state = bound.state
  local windows = windowsAt(bound, now)
  local units = missing(bound, said, windows.count)
  if said.resetMs ~= nil and (said.remaining or 1) <= 0 then
    put(state, 'heldUntilUs', math.max(state.heldUntilUs, now + said.resetMs * 1000 - agoUs))
  end
  if units == nil or units == 0 then return units end
  for _, name in ipairs({ 'endUs', 'carry', 'pastEndUs', 'past' }) do put(state, name, windows[name]) end
  put(state, 'count', windows.count + units)
  return units
end

local lifts = {
  bucket = liftBucket,
  sliding = liftWindow,
  fixed = liftCalendar,
  concurrency = function() return nil end,
}

local function foreignNow(state)
  if state.foreignAtUs == 0 then return 0 end
  return state.foreign * math.exp(-math.max(0, now - state.foreignAtUs) / C.driftUs)
end

local function drift(bound)
  local state, shape, used = bound.state, bound.limit.shape, bound.limit.used
  if state.foreignAtUs == 0 then return nil end
  local perUs = foreignNow(state) / C.driftUs
  if shape.kind == 'bucket' then return math.min(1, perUs * declaredUs(bound.limit)) end
  if shape.kind == 'sliding' then return math.min(1, (perUs * shape.windowUs * used) / shape.count) end
  return nil
end

local function observe(bound, said, ticketUs, agoUs)
  local state = bound.state
  if ticketUs < state.observedUs then return end
  put(state, 'observedUs', ticketUs)
  if (said.perSecond or 0) > 0 then put(state, 'perSecond', said.perSecond) end
  if (said.capacity or 0) > 0 then put(state, 'capacity', said.capacity) end
  bound.interval = nil
  local units = lifts[state.kind](bound, said, agoUs)
  if units == nil then return end
  local before = drift(bound) or 0
  put(state, 'foreign', foreignNow(state) + units)
  put(state, 'foreignAtUs', now)
  local after = drift(bound) or 0
  if before <= C.driftNoted and after > C.driftNoted then
    note('what', 'drift', 'limit', state.key, 'share', text(after))
  end
end
