-- Freezes a scope; one that is frozen already stays so at least as long. Answers the microseconds until it ends, and when
-- the domain was made.

local function freezeUs(order, count)
  local asked = order.ms and order.ms * 1000
  if order.cause == 'manual' then return asked or math.huge end
  if asked then return asked * (1 + C.freezeExtraShare) + C.freezeExtraUs end
  if order.cause == 'ban' then return math.huge end
  return math.min(C.freezeMaxUs, C.freezeBaseUs * 2 ^ (count - 1)) * (0.5 + input.random / 2)
end

local function madeFreeze(before, order)
  local again = before and now < before.untilUs
  local count = before and before.count or 0
  if not again then count = count + 1 end
  local untilUs = now + freezeUs(order, count)
  local outlasted = again and before.untilUs >= untilUs
  local cut = before and before.cut or 0
  if order.cause == 'throttle' and not again then cut = domain.serial end
  return {
    untilUs = outlasted and before.untilUs or untilUs,
    cause = outlasted and before.cause or order.cause,
    reason = outlasted and before.reason or order.reason,
    count = count,
    half = true,
    probe = '',
    probeUntilUs = 0,
    cut = cut,
  }
end

local function forgetOld()
  for scope, freeze in pairs(freezes) do
    if freeze and not freeze.half and freeze.untilUs < now - C.frostUs then
      freezes[scope] = false
      redis.call('HDEL', freezesKey, scope)
    end
  end
end

openDomain()
readAllFreezes()
domain.serial = domain.serial + 1
putDomain('serial', domain.serial)
local order, scope = input.order, input.scope
local freeze = madeFreeze(freezes[scope], order)
forgetOld()
putFreeze(scope, freeze)
expireFreezes()
note('what', 'freeze', 'scope', scope, 'cause', order.cause, 'us', text(freeze.untilUs - now), 'reason', order.reason)
closeDomain()
tell('frozen')
return { text(freeze.untilUs - now), bootText() }
