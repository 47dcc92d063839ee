-- The domain of a budget: its clock, who waits and who takes part, and the states of its limits. Everything is read here
-- and written at the end of a call, so that a call that grants nothing writes little. The same as ../local/budget-state.ts.
-- KEYS[1] is the hash of the domain; all other keys begin as it does and so are in the same slot of a cluster.
-- ARGV[1] is the call as JSON; ARGV[2] the time, in tests.

local input = cjson.decode(ARGV[1])
local base = string.sub(KEYS[1], 1, -#'domain' - 1)
local freezesKey = base .. 'freezes'
local partitionsKey = base .. 'partitions'
local channel = base .. 'changes'
local now

local function text(number)
  return string.format('%.17g', number)
end

local function keyOf(limit)
  return limit.id .. ' ' .. limit.partition
end

local domain = { waiting = {}, processes = {}, tellers = {}, changes = {}, gone = {} }

local function putDomain(name, value)
  local changes = domain.changes
  changes[#changes + 1] = name
  changes[#changes + 1] = value
end

local function readField(name, value)
  local kind, rest = string.sub(name, 1, 2), string.sub(name, 3)
  if kind == 'w ' then
    local untilUs, key = string.match(value, '^(%S+) (.*)$')
    domain.waiting[rest] = { untilUs = tonumber(untilUs), key = key }
  elseif kind == 'p ' then
    domain.processes[rest] = tonumber(value)
  elseif kind == 't ' then
    local seenUs, told = string.match(value, '^(%S+) (%S+)$')
    domain.tellers[rest] = { seenUs = tonumber(seenUs), told = tonumber(told) }
  else
    domain[name] = tonumber(value)
  end
end

-- A domain that is not there is new, or Redis has lost its state: its limits then count as full. Tickets are numbered from
-- the present time on, so that no number comes twice.
local function boot()
  domain.created = true
  domain.bootUs = now
  domain.coldUs = now + (input.horizonUs or C.coldHorizonUs)
  domain.serial = math.floor(now)
  putDomain('bootUs', now)
  putDomain('coldUs', domain.coldUs)
  putDomain('serial', domain.serial)
end

-- Since when the domain is known; with `+` when this call has made it.
local function bootText()
  return (domain.created and '+' or '') .. text(domain.bootUs)
end

-- A clock that is set back stands still until it is where it was.
local function openDomain()
  local found = redis.call('HGETALL', KEYS[1])
  for at = 1, #found, 2 do readField(found[at], found[at + 1]) end
  if ARGV[2] == '' then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
  else
    now = tonumber(ARGV[2])
  end
  now = math.max(now, domain.nowUs or 0)
  if domain.bootUs == nil then boot() end
  putDomain('nowUs', now)
end

local function forget(kind, name)
  domain.gone[#domain.gone + 1] = kind .. name
end

-- Those seen within the last seconds.
local function countProcesses()
  local count = 0
  for process, seenUs in pairs(domain.processes) do
    if seenUs < now - C.processSeenUs then
      domain.processes[process] = nil
      forget('p ', process)
    else
      count = count + 1
    end
  end
  return count
end

local function closeDomain()
  for teller, one in pairs(domain.tellers) do
    if one.seenUs < now - C.tellerSeenUs then forget('t ', teller) end
  end
  local lives = (domain.expiresUs or 0) < now + C.domainUs / 2
  if lives then putDomain('expiresUs', now + C.domainUs) end
  -- What was forgotten may have come back in the same call.
  if #domain.gone > 0 then redis.call('HDEL', KEYS[1], unpack(domain.gone)) end
  redis.call('HSET', KEYS[1], unpack(domain.changes))
  if lives then redis.call('PEXPIRE', KEYS[1], C.domainUs / 1000) end
end

-- What people may want to look up: freezes, cuts, drift.
local function note(...)
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', C.eventsMax, '*', 'at', text(now), ...)
  redis.call('PEXPIRE', base .. 'events', C.domainUs / 1000)
end

local function tell(what)
  redis.call('PUBLISH', channel, what)
end
