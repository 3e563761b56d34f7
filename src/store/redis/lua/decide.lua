-- One limit: what its counter says to one charge. 785 bytes hold every state whole, except long logs and many holds.
-- Texts instead of numbers where they are known: Redis would print the numbers for each call.
local function decide(key, tag, cost, capacity, units, period, more, windows, bound, gives_until)
  local state, f = call('GETRANGE', key, '0', '784'), evaluate[tag]
  if gives_until and now >= gives_until then cost, bound = 0, nil end
  if bound and cost == 0 then
    local ok, remaining, retry, reset = f(key, state, tag, 1, capacity, units, period, more, windows)
    if not ok then return false, remaining, retry, reset, 0 end
    error_reply, bound = nil, nil
  end
  return f(key, state, tag, cost, capacity, units, period, more, windows, bound)
end
