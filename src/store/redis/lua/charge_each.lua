-- KEYS[i] is a counter with a state of fixed size, ARGV[i + 1] what is asked of it, in MessagePack: tag, capacity,
-- units, period, a fixed window's anchor (0: none; 1: epoch, 2: first request), then the cost of the one check; or,
-- where there are more, pairs: a cost, and how many checks of that cost come one after the other. Each check is decided
-- on its own, as if it came alone.
--
-- A state ends with the second in which it expires, but for GCRA's; where that stays, SETRANGE leaves the key's expiry
-- as it is, which spares a command.
--
-- All counters are read before the first is written. What a check leaves is the state that the next one of that counter
-- finds; the last one's is written. Equal checks after a refusal are refused in the same words, since a refusal changes
-- nothing and the time stands still. The answer is one string: the time, then for each check what charge.lua has for
-- it.
local out, n, dirty, expiries, kept = {pack('<I7', now)}, 1, {}, {}, {}
local states = call('MGET', spread(KEYS))

local function each(i, tag, capacity, units, period, anchor, ...)
  local key, decide, state, expires = KEYS[i], evaluate[tag], states[i] or '', nil
  local cost, left, rest = ..., 1, nil
  if select('#', ...) > 1 then
    rest = {...}
    left = rest[2]
  end
  local at = 1
  while true do
    while left > 0 do
      local ok, remaining, retry, reset, delay, next, gone =
        decide(key, state, tag, cost, capacity, units, period, anchor)
      n, left = n + 1, left - 1
      if next then
        state, expires = next, gone
        out[n] = pack('<BI7I7I7I7', 3, remaining, 0, reset, delay)
      else
        local answer = pack('<BI7I7I7I7', ok and 1 or 0, remaining, retry, reset, delay)
        out[n] = answer
        while left > 0 do
          n, left = n + 1, left - 1
          out[n] = answer
        end
      end
    end
    at = at + 2
    if not rest or not rest[at] then break end
    cost, left = rest[at], rest[at + 1]
  end
  if not expires then return end
  local before = states[i]
  if before and #before == 21 and tag ~= 2 and string.sub(before, 17) == string.sub(state, 17) then
    kept[#kept + 1] = key
    kept[#kept + 1] = state
  else
    local d = #dirty
    dirty[d + 1], dirty[d + 2] = key, state
    expiries[#expiries + 1] = expires
  end
end

for i = 1, #KEYS do each(i, cmsgpack.unpack(ARGV[i + 1])) end
for i = 1, #kept, 2 do call('SETRANGE', kept[i], '0', kept[i + 1]) end
if #dirty > 0 then
  call('MSET', spread(dirty))
  for i = 1, #expiries do call('PEXPIREAT', dirty[2 * i - 1], ceil_to(expiries[i], 1000)) end
end
return table.concat(out)
