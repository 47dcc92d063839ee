-- Keeps leases of requests under way; a lease that Redis has lost is made again. Answers when the domain was made, with `+` if just now.

openDomain()
for _, lease in ipairs(input.leases) do
  readFreezes(scopesOf(lease.limits))
  readLimits(lease.limits)
  for _, limit in ipairs(lease.limits) do
    if limit.shape.kind == 'concurrency' then
      local state = bind(limit).state
      local lost = now < domain.coldUs + limit.shape.leaseUs
      if lost or redis.call('ZSCORE', subKey(state, 'leases'), lease.ticket) then
        putLease(state, lease.ticket, now + limit.shape.leaseUs)
      end
    end
  end
end
writeStates()
closeDomain()
return bootText()
