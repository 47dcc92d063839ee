-- The earliest time at which a request conforms to each shape. The same as ../local/slots.ts.

-- While Redis knows nothing of a limit it counts as full when the domain was made, and as what was reserved before then
-- went out until a horizon later.
local function makeCold(state, limit, frost)
  local shape, coldUs = limit.shape, domain.coldUs
  if shape.kind == 'bucket' then
    local interval = intervalOf(limit, state, factorAt(state, frost, now))
    state.tatUs = coldUs + burstOf(limit, state, false) * interval
  elseif shape.kind == 'sliding' and shape.parts == nil and shape.windowUs <= C.coldWindowUsMax then
    local count = countOf(limit, state, factorAt(state, frost, now))
    state.cold = { coldUs, count, 'cold ' .. text(count) }
    state.taken = count
  end
end

-- Who holds leases since before then is known when each was renewed, or has run out.
local function makeColdLeases(state, leaseUs)
  if now >= domain.coldUs + leaseUs then return end
  state.held = math.huge
  state.firstEndUs = domain.coldUs + leaseUs
end

-- A limit with its state; both it and its freezes must have been read.
local function bind(limit)
  local state, frost = states[keyOf(limit)], frostOf(limit)
  if state.shape == nil then
    if state.fresh then makeCold(state, limit, frost) end
    if state.kind == 'concurrency' then makeColdLeases(state, limit.shape.leaseUs) end
  end
  state.shape = limit.shape
  return { limit = limit, state = state, frost = frost }
end

-- Reckoned once for each question; whoever changes what it depends on forgets it.
local function intervalNow(bound)
  if bound.interval == nil then
    bound.interval = intervalOf(bound.limit, bound.state, factorAt(bound.state, bound.frost, now))
  end
  return bound.interval
end

local function arrivalUs(bound)
  local limit, state, frost = bound.limit, bound.state, bound.frost
  local interval = intervalNow(bound)
  local fromUs = interval < state.intervalUs and math.max(now, state.slotUs) or now
  local aheadUs = state.tatUs - fromUs
  local scaled = state.tatUs
  if aheadUs > 0 and state.intervalUs > 0 then scaled = fromUs + (aheadUs * interval) / state.intervalUs end
  if frost.untilUs == 0 then return scaled end
  return math.max(scaled, frost.untilUs + burstOf(limit, state, false) * interval)
end

local function bucketSlot(bound, low)
  local limit, state = bound.limit, bound.state
  local interval = intervalNow(bound)
  local burst = burstOf(limit, state, low)
  return arrivalUs(bound) + (math.min(limit.cost, burst) - burst) * interval
end

local function endsAfter(ends, atUs)
  local endUs
  for _, one in ipairs(ends) do
    if endUs ~= nil then return endUs, one end
    if one > atUs then endUs = one end
  end
  local last = ends[#ends]
  local lengthUs = math.max(1, last - (ends[#ends - 1] or last))
  local following = endUs or last + (math.floor((atUs - last) / lengthUs) + 1) * lengthUs
  return following, following + lengthUs
end

-- The windows as they stand at a time.
local function windowsAt(bound, atUs)
  local state, ends = bound.state, bound.limit.shape.endsUs
  local endUs, nextEndUs = endsAfter(ends, atUs)
  local lengthUs = nextEndUs - endUs
  if atUs < state.endUs then
    local following = state.endUs + lengthUs
    for _, one in ipairs(ends) do
      if one > state.endUs then
        following = one
        break
      end
    end
    return {
      endUs = state.endUs, nextEndUs = following, count = state.count, carry = state.carry,
      pastEndUs = state.pastEndUs, past = state.past,
    }
  end
  if state.endUs > 0 and atUs < state.endUs + lengthUs then
    return {
      endUs = endUs, nextEndUs = nextEndUs, count = state.carry, carry = 0, pastEndUs = state.endUs, past = state.count,
    }
  end
  return {
    endUs = endUs, nextEndUs = nextEndUs, count = 0, carry = 0, pastEndUs = state.endUs + lengthUs, past = state.carry,
  }
end

local function pacedUs(bound)
  local limit, state, frost = bound.limit, bound.state, bound.frost
  local shape = limit.shape
  if shape.kind == 'bucket' or shape.kind == 'concurrency' or state.slotUs == 0 then return now end
  local count = countOf(limit, state, factorAt(state, frost, now))
  if shape.kind == 'sliding' then
    local thawing = frost.untilUs > 0 and now < frost.untilUs + shape.windowUs
    local gap = (limit.even or thawing) and (shape.windowUs * limit.cost) / count or 0
    return math.max(now, state.slotUs + gap)
  end
  if not limit.even or now >= state.endUs then return now end
  local left = math.max(1, count - state.count)
  return math.max(now, state.slotUs + ((state.endUs - now) * limit.cost) / left)
end

local function loggedSlot(bound, fromUs)
  local limit, state = bound.limit, bound.state
  local windowUs = limit.shape.windowUs
  local count = countOf(limit, state, factorAt(state, bound.frost, fromUs))
  local over = state.taken + math.min(limit.cost, count) - count
  local slot, index = fromUs, 1
  while over > 0 do
    local entry = logEntry(state, index)
    if entry == nil then break end
    over = over - entry[2]
    if entry[1] > fromUs - windowUs then slot = entry[1] + windowUs end
    index = index + 1
  end
  return slot
end

-- Parts that still count, oldest first, and what they have taken.
local function partsFrom(state, oldest)
  local held, sum = {}, 0
  for part in pairs(partsOf(state)) do
    if part >= oldest then held[#held + 1] = part end
  end
  table.sort(held)
  for _, part in ipairs(held) do sum = sum + state.parts[part] end
  return held, sum
end

local function partsSlot(bound, fromUs)
  local limit, state = bound.limit, bound.state
  local windowUs = limit.shape.windowUs
  local count = countOf(limit, state, factorAt(state, bound.frost, fromUs))
  local widthUs = windowUs / limit.shape.parts
  local held, sum = partsFrom(state, math.floor((fromUs - windowUs) / widthUs))
  local over = sum + math.min(limit.cost, count) - count
  local slot = fromUs
  for _, part in ipairs(held) do
    if over <= 0 then break end
    over = over - state.parts[part]
    slot = (part + 1) * widthUs + windowUs
  end
  return slot
end

local function fixedSlot(bound, fromUs)
  local limit, state = bound.limit, bound.state
  local count = countOf(limit, state, factorAt(state, bound.frost, fromUs))
  local cost = math.min(limit.cost, count)
  local from = math.max(fromUs, state.heldUntilUs)
  local before = windowsAt(bound, from)
  if before.past + cost > count then from = math.max(from, before.pastEndUs + C.guardUs) end
  local windows = windowsAt(bound, from)
  local nextFits = windows.carry + cost <= count
  if windows.count + cost <= count and (from < windows.endUs - C.guardUs or nextFits) then return from end
  return (nextFits and windows.endUs or windows.nextEndUs) + C.guardUs
end

local function leaseSlot(bound)
  local state = bound.state
  local held, firstEndUs = leasesOf(state)
  if held < countOf(bound.limit, state, factorAt(state, bound.frost, now)) then return now end
  return math.min(firstEndUs, now + C.leasePollUs)
end

local function slotOf(bound, fromUs, low)
  local earliestUs = math.max(fromUs, pacedUs(bound))
  local shape = bound.limit.shape
  if shape.kind == 'bucket' then return math.max(earliestUs, bucketSlot(bound, low)) end
  if shape.kind == 'sliding' then
    return shape.parts == nil and loggedSlot(bound, earliestUs) or partsSlot(bound, earliestUs)
  end
  if shape.kind == 'fixed' then return fixedSlot(bound, earliestUs) end
  return leaseSlot(bound)
end
