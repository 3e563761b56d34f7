-- algorithm/sliding_window_counter.h.
local function until_weighs(previous, room, period)
  if previous <= room then return 0 end
  return period - (muldiv(room, period, 0, previous))
end

local function fits_at(first, last, current, previous, cost, capacity, period)
  if current + cost <= capacity then
    return first + until_weighs(previous, capacity - current - cost, period)
  end
  return last + until_weighs(current, capacity - cost, period)
end

evaluate[6] = function(key, state, tag, cost, capacity, units, period, _, _, bound)
  local live, stored, x, y, expires = false, 0, 0, 0, 0
  if #state == 21 then
    local algorithm, time, x_, y_, z = unpack(STATE, state)
    if algorithm == 6 and now < z * 1000000 then live, stored, x, y, expires = true, time, x_, y_, z * 1000000 end
  end
  local t = (live and stored > now) and stored or now
  local first = t - t % period
  local last = first + period
  local current, previous = 0, 0
  if live and stored >= first then
    current, previous = x, y
  elseif live and stored >= first - period then
    previous = x
  end
  local used = current
  if previous > 0 then
    local q, r = muldiv(previous, last - t, 0, period)
    used = used + q
    if r > 0 then used = used + 1 end
  end
  local gone = last + period
  if bound and (cost > 0 or current > 0) then
    local total, is_cut = moved(current, cost, bound)
    if total == 0 and previous == 0 then return true, capacity, 0, 0, 0, forget(key), now end
    if total == 0 then gone = last end
    local after, retry = used - current + total, 0
    if cost > 0 and used >= capacity then retry = fits_at(first, last, total, previous, 1, capacity, period) - now end
    local z = ceil_to(gone, 1000000)
    return retry == 0, after < capacity and capacity - after or 0, retry, gone - now, 0,
      pack(STATE, 6, t, total, previous, z), z * 1000000, is_cut
  end
  if bound then cost = 0 end
  if cost > 0 and used + cost <= capacity then
    local z = ceil_to(gone, 1000000)
    return true, capacity - used - cost, 0, gone - now, 0, pack(STATE, 6, t, current + cost, previous, z), z * 1000000
  end
  local remaining = used < capacity and capacity - used or 0
  local reset = 0
  if current > 0 then
    reset = math.min(gone, expires) - now
  elseif previous > 0 then
    reset = math.min(last, expires) - now
  end
  if cost == 0 then return true, remaining, 0, reset, 0 end
  if cost > capacity then return false, remaining, NEVER, reset, 0 end
  local fits = fits_at(first, last, current, previous, cost, capacity, period)
  return false, remaining, math.min(fits, expires) - now, reset, 0
end
