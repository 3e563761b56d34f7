-- algorithm/fixed_window.h. Redis knows no time zones, so the calendar windows that may be asked for come with the
-- call, the start and the end of each. Where the time is in none of them the script answers an error with the time,
-- before anything is written, and the caller adds the window of that time.
local function pack_count(time, count, z)
  local low = count % HALF
  return pack(STATE, 4, time, (count - low) / HALF, low, z)
end

evaluate[4] = function(key, state, tag, cost, capacity, units, period, anchor, windows, bound)
  local live, stored, count, expires = false, 0, 0, 0
  if #state == 21 then
    local algorithm, time, high, low, z = unpack(STATE, state)
    if algorithm == 4 and now < z * 1000000 then
      live, stored, count, expires = true, time, high * HALF + low, z * 1000000
    end
  end
  local t = (live and stored > now) and stored or now
  local first, last
  if anchor == 2 then
    if live and t < stored + period then
      first, last = stored, stored + period
    else
      first, last, count = t, t + period, 0
    end
  else
    if anchor == 1 then
      first = t - t % period
      last = first + period
    else
      local at, bytes = 1, #windows
      while at < bytes do
        first, last = unpack('<I7I7', windows, at)
        if t >= first and t < last then break end
        at = at + 14
      end
      if at > bytes then
        error_reply = {err = 'RGWINDOW ' .. string.format('%.0f', t)}
        first, last = t, t
      end
    end
    if not live or stored < first then count = 0 end
  end
  local finish = last
  if anchor == 3 and now < first then finish = math.max(expires, now + last - first) end
  if bound and (cost > 0 or count > 0) then
    local total, is_cut = moved(count, cost, bound)
    if total == 0 then return true, capacity, 0, 0, 0, forget(key), now end
    local z, ok, rest = ceil_to(finish, 1000000), cost < 0 or count < capacity, math.min(last, finish) - now
    local next = pack_count(anchor == 2 and first or t, total, z)
    return ok, total < capacity and capacity - total or 0, ok and 0 or rest, rest, 0, next, z * 1000000, is_cut
  end
  if bound then cost = 0 end
  if cost > 0 and count + cost <= capacity then
    local z = ceil_to(finish, 1000000)
    local time = anchor == 2 and first or t
    local reset = math.min(last, finish) - now
    return true, capacity - count - cost, 0, reset, 0, pack_count(time, count + cost, z), z * 1000000
  end
  local remaining = count < capacity and capacity - count or 0
  local reset = count > 0 and math.min(last, expires) - now or 0
  if cost == 0 then return true, remaining, 0, reset, 0 end
  return false, remaining, cost > capacity and NEVER or reset, reset, 0
end
