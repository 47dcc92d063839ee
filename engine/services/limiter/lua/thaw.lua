-- Ends the freezes of a scope and of its partitions, or all. Answers how many, and when the domain was made.

local function meant(scope)
  local wanted = input.scope
  return wanted == nil or scope == wanted or string.sub(scope, 1, #wanted + 1) == wanted .. ' '
end

openDomain()
readAllFreezes()
local count = 0
for scope, freeze in pairs(freezes) do
  if meant(scope) and (freeze.half or now < freeze.untilUs) then
    count = count + 1
    freeze.untilUs = math.min(freeze.untilUs, now)
    freeze.half = false
    freeze.count = 0
    putFreeze(scope, freeze)
  end
end
if count > 0 then
  expireFreezes()
  note('what', 'thaw', 'scope', input.scope or '', 'count', count)
end
closeDomain()
tell('freed')
return { count, bootText() }
