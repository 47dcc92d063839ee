-- What declarations, replies and throttles allow. The same as ../local/allowance.ts.

local minuteUs = 60000000

local function factorAt(state, frost, nowUs)
  local factor = state.factor
  if state.factorAtUs ~= 0 then
    factor = factor + (C.factorPerMinute * math.max(0, nowUs - state.factorAtUs)) / minuteUs
  end
  factor = math.min(1, factor)
  if frost.cut > state.cutBy then return math.max(C.factorMin, factor * C.cutFactor) end
  return factor
end

local function intervalOf(limit, state, factor)
  local shape = limit.shape
  if shape.kind ~= 'bucket' then return 0 end
  local said = state.perSecond == nil and shape.intervalUs or 1e6 / (state.perSecond * limit.used)
  return math.max(said, shape.intervalUs / limit.raiseMax) / factor
end

local function burstOf(limit, state, low)
  local shape = limit.shape
  if shape.kind ~= 'bucket' then return 0 end
  local said = math.min(state.capacity or shape.capacity, shape.capacity * limit.raiseMax)
  local burst = math.max(1, shape.burst + said - shape.capacity)
  if low then return math.max(1, math.floor(burst / 2)) end
  return burst
end

local function countOf(limit, state, factor)
  local shape = limit.shape
  if shape.kind == 'bucket' then return 0 end
  local said = shape.count
  if state.capacity ~= nil then
    said = math.max(1, math.min(math.floor(state.capacity * limit.used), shape.count * limit.raiseMax))
  end
  if shape.kind == 'fixed' then return said end
  return math.max(1, math.floor(said * factor))
end

-- Microseconds between two units as the provider counts.
local function declaredUs(limit)
  return limit.shape.intervalUs * limit.used
end
