-- Tells the limits how granted requests went. What a process tells is numbered, so that what it tells again, because it got
-- no answer, counts once.

local function saidOf(settled, limit)
  for _, one in ipairs(settled.observations) do
    if one.limit == limit.id and one.partition == limit.partition then return one end
  end
end

local function settleOne(settled)
  local ticket = settled.ticket
  local unused = settled.outcome == 'unused'
  local freed = false
  for _, limit in ipairs(settled.limits) do
    local bound = bind(limit)
    if limit.shape.kind == 'concurrency' then freed = release(bound.state, ticket.id) or freed end
    if unused then
      giveBack(bound, ticket)
    else
      local actual, said = settled.costs[limit.id], saidOf(settled, limit)
      if actual ~= nil then settleCost(bound, ticket, actual) end
      if said ~= nil then observe(bound, said, ticket.slotUs, settled.ageUs or 0) end
    end
  end
  return probed(ticket, settled.outcome == 'answered') or freed
end

local function settleAll(list, teller)
  if #list == 0 then return end
  local all = {}
  for _, settled in ipairs(list) do
    for _, limit in ipairs(settled.limits) do all[#all + 1] = limit end
  end
  readFreezes(scopesOf(all))
  readLimits(all)
  local known = domain.tellers[teller]
  local told, freed = known and known.told or 0, false
  for _, settled in ipairs(list) do
    if settled.number > told then
      freed = settleOne(settled) or freed
      told = settled.number
    end
  end
  domain.tellers[teller] = { seenUs = now, told = told }
  putDomain('t ' .. teller, text(now) .. ' ' .. text(told))
  if freed and next(domain.waiting) ~= nil then tell('freed') end
end
