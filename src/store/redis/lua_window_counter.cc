#include "store/redis/lua_pieces.h"

namespace rateguard::redis_store {

// algorithm/sliding_window_counter.h.
const std::string_view kLuaWindowCounter = R"lua(
local function until_weighs(previous, room, period)
  if previous <= room then return 0 end
  return period - (muldiv(room, period, 0, previous))
end

evaluate[6] = function(key, state, tag, cost, capacity, units, period)
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
  local fits
  if current + cost <= capacity then
    fits = first + until_weighs(previous, capacity - current - cost, period)
  else
    fits = last + until_weighs(current, capacity - cost, period)
  end
  return false, remaining, math.min(fits, expires) - now, reset, 0
end
)lua";

}  // namespace rateguard::redis_store
