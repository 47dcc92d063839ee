-- How the limits stand, every partition of them that is known. Answers limits, freezes, who waits, the number of
-- processes, and when the domain was made.

local function fillOf(bound)
  local limit, state, frost = bound.limit, bound.state, bound.frost
  local shape = limit.shape
  local factor = factorAt(state, frost, now)
  local count = countOf(limit, state, factor)
  if shape.kind == 'bucket' then
    return (arrivalUs(bound) - now) / (intervalOf(limit, state, factor) * burstOf(limit, state, false))
  end
  if shape.kind == 'fixed' then return windowsAt(bound, now).count / count end
  if shape.kind == 'concurrency' then return leasesOf(state) / count end
  if shape.parts == nil then return countLog(state, shape.windowUs) / count end
  local _, taken = partsFrom(state, math.floor((now - shape.windowUs) / (shape.windowUs / shape.parts)))
  return taken / count
end

local function limitStatus(limit)
  readLimits({ limit })
  local bound = bind(limit)
  local state = bound.state
  if state.slotUs <= 0 and state.observedUs <= 0 then return nil end
  local fill = math.min(1, math.max(0, fillOf(bound)))
  local nextUs = slotOf(bound, now, false) - now
  local others = drift(bound)
  return {
    limit.id, limit.partition, text(fill), text(nextUs), text(factorAt(state, bound.frost, now)),
    others and text(others) or '',
  }
end

-- Partitions of a limit of which anything is known.
local function partitionsOf(limit)
  local first = limit.id .. ' '
  local found = {}
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', partitionsKey, '(' .. text(now), '+inf')) do
    if string.sub(key, 1, #first) == first then found[#found + 1] = string.sub(key, #first + 1) end
  end
  table.sort(found)
  return found
end

openDomain()
readAllFreezes()
local limits, standing, waiting = {}, {}, {}
for _, limit in ipairs(input.limits) do
  for _, partition in ipairs(partitionsOf(limit)) do
    limits[#limits + 1] = limitStatus({
      id = limit.id, partition = partition, cost = 1, shape = limit.shape, even = limit.even, used = limit.used,
      raiseMax = limit.raiseMax,
    })
  end
end
for scope, freeze in pairs(freezes) do
  if freeze and (freeze.half or now < freeze.untilUs) then
    standing[#standing + 1] = { scope, freeze.cause, freeze.reason, text(math.max(0, freeze.untilUs - now)) }
  end
end
for member, one in pairs(domain.waiting) do
  if one.untilUs > now then waiting[#waiting + 1] = { member, (string.gsub(one.key, ' .*', '')) } end
end
local processes = countProcesses()
closeDomain()
return { limits, standing, waiting, processes, bootText() }
