-- algorithm/bucket.h, with a debt's time in another form: where that holds time * units in 128 bits, this holds `whole`
-- microseconds and `part` / units of one, so that an elapsed time needs no multiplication.
--
-- owed_since(): `owed` units, of which none had come back `fraction` / units us after `anchor`. Gives the units still
-- owed, the time until none is (whole, part), and how far the next unit has come, in 1/units us. The units that are
-- back are floor((elapsed * units - fraction) / period); elapsed is first reduced by whole periods, which bring back
-- `units` each. A quotient beyond 2^53 (an edit to a far slower rate) is a wait that the state's expiry cuts, and never
-- one that is admitted: what fits the capacity takes at most kFillTimeMax = 2^50 us, and the anchor is at most 2^51 us
-- ahead of a clock that stepped back.
--
-- Amounts beyond 32 bits are kept as in algorithm/wide_bucket.h: a state of 22 bytes, whose tag is 7 higher and which
-- has the exponent of how long it lasts in place of its expiry. decide_wide() answers as an algorithm does, from what
-- is owed and until when at the latest (expires; 0: nothing is).
--
-- Every algorithm answers: admitted, remaining, retry_after, reset_after, delay, and where a charge is admitted the
-- next state and its expiry in microseconds; after those, where a debt is cut, true. settle_bucket() answers the first
-- four; how long the rest takes to drain (whole, part), what is in use, whether it was cut, and whether the anchor
-- moves to now.
local function owed_since(anchor, fraction, owed, units, period)
  if now <= anchor then
    local whole, part = muldiv(owed, period, fraction, units)
    return owed, whole + (anchor - now), part, 0
  end
  local elapsed = now - anchor
  local rest = elapsed % period
  local back, since = muldiv(units, rest, -fraction, period)
  back = back + (elapsed - rest) / period * units
  if back >= owed then return 0, 0, 0, 0 end
  local whole, part = muldiv(owed - back, period, -since, units)
  return owed - back, whole, part, since
end

local function step_bucket(used, whole, part, cost, capacity, units, period, expires)
  if cost > 0 and used + cost <= capacity then
    local drain, rest = muldiv(cost, period, part, units)
    drain = drain + whole
    return true, capacity - used - cost, 0, rest > 0 and drain + 1 or drain, drain, rest
  end
  local remaining = used < capacity and capacity - used or 0
  local reset = 0
  if whole > 0 or part > 0 then
    reset = math.min(part > 0 and whole + 1 or whole, expires - now)
  end
  if cost == 0 then return true, remaining, 0, reset end
  if cost > capacity then return false, remaining, NEVER, reset end
  local fits, fits_part = muldiv(capacity - cost, period, 0, units)
  local missing = whole - fits
  if part > fits_part then missing = missing + 1 end
  return false, remaining, math.min(missing, expires - now), reset
end

local function settle_bucket(used, whole, part, cost, capacity, units, period, bound)
  local total, is_cut = moved(used, cost, bound)
  local drain, rest = 0, 0
  if is_cut or total > bound then
    total, is_cut = bound, is_cut or false
    drain, rest = muldiv(total, period, 0, units)
    whole = nil
  elseif cost < 0 and total > 0 then
    local back, back_part = muldiv(-cost, period, 0, units)
    drain, rest = whole - back, part - back_part
    if rest < 0 then drain, rest = drain - 1, rest + units end
  elseif cost > 0 then
    drain, rest = muldiv(cost, period, part, units)
    drain = drain + whole
  end
  local retry = 0
  if cost > 0 and used >= capacity then
    local fits, fits_part = muldiv(capacity - 1, period, 0, units)
    retry = drain - fits
    if rest > fits_part then retry = retry + 1 end
  end
  local remaining = total < capacity and capacity - total or 0
  return retry == 0, remaining, retry, rest > 0 and drain + 1 or drain, drain, rest, total, is_cut, whole == nil
end

-- What step_bucket() or settle_bucket() comes to: admitted, remaining, retry_after, reset_after; where the state
-- changes, what is in use then, whether a debt was cut, whether the anchor moves to now, and how long the rest takes to
-- drain (whole, part).
local function move_bucket(used, whole, part, cost, capacity, units, period, expires, bound)
  if bound and (cost > 0 or used > 0) then
    local ok, remaining, retry, reset, drain, rest, total, is_cut, is_anew =
      settle_bucket(used, whole, part, cost, capacity, units, period, bound)
    return ok, remaining, retry, reset, total, is_cut, is_anew, drain, rest
  end
  if bound then cost = 0 end
  local ok, remaining, retry, reset, drain, rest =
    step_bucket(used, whole, part, cost, capacity, units, period, expires)
  return ok, remaining, retry, reset, drain and used + cost, nil, nil, drain, rest
end

local WIDE = '<BI7I6I7B'

local function wide_owed(state, tag, units, period)
  local stored, anchor, fraction, owed, exponent = unpack(WIDE, state)
  local expires = anchor + 2 ^ exponent
  if stored ~= tag + 7 or now >= expires then return 0, 0, 0, 0 end
  if fraction >= units then fraction = units - 1 end
  local used, whole, part = owed_since(anchor, fraction, owed, units, period)
  return used, whole, part, expires
end

local function bucket_owed(state, tag, units, period)
  if #state == 22 then return wide_owed(state, tag, units, period) end
  if #state ~= 21 then return 0, 0, 0, 0 end
  local stored, anchor, fraction, owed, z = unpack(STATE, state)
  if stored ~= tag or now >= z * 1000000 then return 0, 0, 0, 0 end
  if fraction >= units then fraction = units - 1 end
  local used, whole, part = owed_since(anchor, fraction, owed, units, period)
  return used, whole, part, z * 1000000
end

local function decide_wide(key, tag, used, whole, part, expires, cost, capacity, units, period, bound)
  local ok, remaining, retry, reset, total, is_cut, is_anew =
    move_bucket(used, whole, part, cost, capacity, units, period, expires, bound)
  if not total then return ok, remaining, retry, reset, 0 end
  if total == 0 then return ok, remaining, 0, 0, 0, forget(key), now end
  local anchor, fraction = now, 0
  if used > 0 and not is_anew then
    local back, rest = muldiv(used, period, -part, units)
    if rest > 0 then back, fraction = back + 1, units - rest end
    anchor = now + whole - back
  end
  local mantissa, exponent = math.frexp(now + reset - anchor)
  if mantissa == 0.5 then exponent = exponent - 1 end
  local delay = 0
  if tag == 3 and not bound then delay = part > 0 and whole + 1 or whole end
  local next = pack(WIDE, tag + 7, anchor, fraction, total, exponent)
  return ok, remaining, retry, reset, delay, next, anchor + 2 ^ exponent, is_cut
end

local function bucket(key, state, tag, cost, capacity, units, period, _, _, bound)
  if capacity >= HALF or units >= HALF or #state == 22 then
    local used, whole, part, expires = bucket_owed(state, tag, units, period)
    if capacity >= HALF or units >= HALF or expires > 0 then
      return decide_wide(key, tag, used, whole, part, expires, cost, capacity, units, period, bound)
    end
  end
  local used, whole, part, since = 0, 0, 0, 0
  local anchor, fraction, owed, expires = 0, 0, 0, 0
  if #state == 21 then
    local stored
    stored, anchor, fraction, owed, expires = unpack(STATE, state)
    expires = expires * 1000000
    if stored == tag and now < expires then
      if fraction >= units then fraction = units - 1 end
      used, whole, part, since = owed_since(anchor, fraction, owed, units, period)
    end
  end
  local ok, remaining, retry, reset, total, is_cut, is_anew =
    move_bucket(used, whole, part, cost, capacity, units, period, expires, bound)
  if not total then return ok, remaining, retry, reset, 0 end
  if total == 0 then return ok, remaining, 0, 0, 0, forget(key), now end
  if used == 0 or is_anew then
    anchor, fraction = now, 0
  elseif used ~= owed then
    local rest = since % units
    anchor = now - (since - rest) / units
    fraction = 0
    if rest > 0 then anchor, fraction = anchor - 1, units - rest end
  end
  local delay = 0
  if tag == 3 and not bound then delay = part > 0 and whole + 1 or whole end
  local z = ceil_to(now + reset, 1000000)
  return ok, remaining, retry, reset, delay, pack(STATE, tag, anchor, fraction, total, z), z * 1000000, is_cut
end
evaluate[1], evaluate[3] = bucket, bucket
