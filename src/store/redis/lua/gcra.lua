-- algorithm/gcra.h. The last field of its state is the packed span: 36 bits of it, and above them by how many bits it
-- was shifted. An edit of the rate is recognised exactly as there, since the two must agree on what it leaves.
local SPAN = 68719476736

local function gcra_owed(state, units, period)
  local used, whole, part, expires = 0, 0, 0, 0
  if #state == 21 then
    local stored, arrival, fraction, owed, packed = unpack(STATE, state)
    local late = fraction > 0 and 1 or 0
    expires = ceil_to(arrival + late, 1000000) * 1000000
    if stored == 2 and now < expires then
      local mantissa = packed % SPAN
      local scale = 2 ^ ((packed - mantissa) / SPAN)
      local all = muldiv(owed, period, 0, units)
      if all < mantissa * scale or all >= (mantissa + 1) * scale then
        used, whole, part = owed_since(arrival - mantissa * scale + late, 0, owed, units, period)
      elseif now <= arrival then
        whole = arrival - now
        part = fraction < units and fraction or units - 1
        local rest = whole % period
        local q, r = muldiv(units, rest, part, period)
        used = q + (whole - rest) / period * units
        if r > 0 then used = used + 1 end
        if used > owed then used = owed end
      end
    end
  end
  return used, whole, part, expires
end

evaluate[2] = function(key, state, tag, cost, capacity, units, period, _, _, bound)
  local used, whole, part, expires
  if #state == 22 then
    used, whole, part, expires = wide_owed(state, tag, units, period)
  else
    used, whole, part, expires = gcra_owed(state, units, period)
  end
  if capacity >= HALF or units >= HALF or (#state == 22 and expires > 0) then
    return decide_wide(key, tag, used, whole, part, expires, cost, capacity, units, period, bound)
  end
  local ok, remaining, retry, reset, owed, is_cut, _, drain, drain_part =
    move_bucket(used, whole, part, cost, capacity, units, period, expires, bound)
  if not owed then return ok, remaining, retry, reset, 0 end
  if owed == 0 then return ok, remaining, 0, 0, 0, forget(key), now end
  local span, shift = drain, 0
  if used > 0 then span = muldiv(owed, period, 0, units) end
  while span >= SPAN do span, shift = (span - span % 2) / 2, shift + 1 end
  local arrival = now + drain
  local gone = ceil_to(drain_part > 0 and arrival + 1 or arrival, 1000000) * 1000000
  return ok, remaining, retry, reset, 0, pack(STATE, 2, arrival, drain_part, owed, shift * SPAN + span), gone, is_cut
end
