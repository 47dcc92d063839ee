-- Giving back what a request took, and settling the difference to what it cost. The same as ../local/taking.ts.

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
  if shape.kind == 'bucket' then put(state, 'meterUs', state.meterUs - limit.cost * declaredUs(limit)) end
  if shape.kind == 'sliding' and shape.parts == nil then settleLog(state, ticket, limit.cost, nil) end
  if shape.kind == 'sliding' and shape.parts ~= nil then settlePart(shape, state, ticket.slotUs, -limit.cost) end
  if shape.kind == 'fixed' then settleCalendar(state, ticket.slotUs, -limit.cost) end
end

local function nextSerial(state)
  return state.lastId == '' and 0 or serialOf(state.lastId) + 1
end

local function charge(bound, units)
  local limit, state = bound.limit, bound.state
  if state.intervalUs == 0 then put(state, 'intervalUs', intervalNow(bound)) end
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
    put(state, 'meterUs', state.meterUs + difference * declaredUs(limit))
  end
  if shape.kind == 'fixed' then settleCalendar(state, ticket.slotUs, difference) end
  if shape.kind ~= 'sliding' then return end
  if shape.parts ~= nil then
    settlePart(shape, state, ticket.slotUs, difference)
  else
    settleLog(state, ticket, limit.cost, math.max(0, actual))
  end
end
