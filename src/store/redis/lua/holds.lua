-- algorithm/hold_set.h. One string: a header of 13 bytes (tag, when the last hold is over, the units held in all), then
-- 19 bytes a hold, in order of expiry: when it is over, its units, its number. Read and written whole: a concurrency
-- limit is of tens or hundreds, and a number is then found faster than an index would be kept.
local HOLDS_HEADER, HOLD = '<BI7I5', '<I7I4c8'

evaluate[7] = function(key, state, tag, cost, capacity, units, period, number)
  if cost < 0 then cost = 0 end
  local held, expires, count, first = 0, 0, 0, 0
  if string.byte(state) == 7 then
    if #state == PREFIX then state = call('GET', key) end
    local _
    _, expires, held = unpack(HOLDS_HEADER, state)
    count = (#state - 13) / 19
    while first < count do
      local over, held_units = unpack('<I7I4', state, 14 + 19 * first)
      if over > now then break end
      held, first = held - held_units, first + 1
    end
  end
  local last = (held > 0 and expires > now) and expires or now
  if cost > 0 and held + cost <= capacity then
    local over = now + period
    local place = count
    while place > first and unpack('<I7', state, 14 + 19 * (place - 1)) > over do place = place - 1 end
    if over > last then last = over end
    local next = pack(HOLDS_HEADER, 7, last, held + cost) .. string.sub(state, 14 + 19 * first, 13 + 19 * place) ..
      pack(HOLD, over, cost, number) .. string.sub(state, 14 + 19 * place, 13 + 19 * count)
    return true, capacity - held - cost, 0, last - now, 0, next, last
  end
  local remaining = held < capacity and capacity - held or 0
  local reset = last - now
  if cost == 0 then return true, remaining, 0, reset, 0 end
  if cost > capacity then return false, remaining, NEVER, reset, 0 end
  local must_end, over = held + cost - capacity, now
  while must_end > 0 do
    local ends
    over, ends = unpack('<I7I4', state, 14 + 19 * first)
    must_end, first = must_end - ends, first + 1
  end
  return false, remaining, over - now, reset, 0
end
