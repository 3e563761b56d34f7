-- ARGV[1] is the time in microseconds, or empty for the server's. Replicas and the append-only file must receive the
-- writes, not the script: with a clock of their own they would come to other states. That is what Redis 7 does always,
-- and Redis 5 and 6 unless told otherwise.
--
-- muldiv(a, b, c, d) is floor((a*b + c) / d) and what is left over. REQUIRES: integers; 0 <= a < 2^53; 0 <= b < 2^45;
-- |c| < 2^45; 0 < d < 2^45. The longest period, 366 days, is 3.17e13 us, which is below 2^45, and so are the units of a
-- rate (kRateUnitsMax); other units are below 2^53 (kUnitsMax).
--
-- Why it is exact. For integers with |n| < 2^53 - 128 and 0 < d < 2^45, n % d is: Lua takes n - floor(n/d)*d, and the
-- rounded n/d reaches an integer k above the true quotient only if k*d - n <= k*d * 2^-53; k*d is below n + d, so the
-- right side is less than 2 and the left would have to be 1, with k*d >= 2^53, hence n >= 2^53 - 1. Then floor(n/d)*d
-- and (n - r)/d are integers below 2^53 as well, so nothing is rounded.
--   * Short way: a rounded product below 2^52 was not rounded, and with c it stays below 2^52 + 2^45.
--   * Long way: a is taken 7 bits at a time, highest first: 5 times where it is below 2^35, else 8 times. r < d < 2^45,
--     so 128*r <= 2^52 - 128; a limb of at most 127 times b is at most 2^52 - 2^45; c adds less than 2^45. The sum is
--     below 2^53 - 128.
-- The remainder is exact always, the quotient where it is below 2^53. Beyond, it is about right and surely above 2^52,
-- and the caller only takes the smaller of it and an instant or a number of units, which are below 2^52.
--
-- The sum of two numbers of units is below 2^54. One that reaches 2^53 may be rounded, though to no less than that, and
-- is only compared with units, which are below it.
--
-- A counter that is settled (algorithm/settle.h) comes with a `bound`, the most that it can have in use; what is given
-- back is a cost below 0. moved() is what is in use after that, and whether that was cut. What is left of a counter
-- that gives everything back is forgotten.
if redis.replicate_commands then redis.replicate_commands() end
local call, pack, unpack = redis.call, struct.pack, struct.unpack
local STATE, NEVER, PREFIX, HALF = '<BI7I4I4I5', 9007199254740992, 785, 4294967296
local evaluate, error_reply = {}, nil

local now
if ARGV[1] == '' then
  local t = call('TIME')
  now = t[1] * 1000000 + t[2]
else
  now = tonumber(ARGV[1])
end

local function muldiv(a, b, c, d)
  local p = a * b
  if p < 4503599627370496 then
    local n = p + c
    local r = n % d
    return (n - r) / d, r
  end
  local q, r, unit = 0, 0, a < 34359738368 and 268435456 or 562949953421312
  while true do
    local rest = a % unit
    local n = r * 128 + (a - rest) / unit * b
    if unit == 1 then n = n + c end
    r = n % d
    q = q * 128 + (n - r) / d
    if unit == 1 then return q, r end
    a, unit = rest, unit / 128
  end
end

local function ceil_to(n, unit)
  n = n + unit - 1
  return (n - n % unit) / unit
end

local function moved(used, cost, bound)
  if cost < 0 then return used + cost > 0 and used + cost or 0 end
  if used + cost > bound then return bound, true end
  return used + cost
end

local function forget(key)
  return function() call('DEL', key) end
end
