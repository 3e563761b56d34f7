#include "store/redis/lua_pieces.h"

namespace rateguard::redis_store {

const std::string_view kLuaSpread = "local spread = unpack\n";

// KEYS[i] is a counter with a state of fixed size, ARGV[i + 1] what is asked of it, in MessagePack: tag, capacity,
// units, period, a fixed window's anchor (0: none; 1: epoch, 2: first request), then pairs: a cost, and how many checks
// of that cost come one after the other. Each check is decided on its own, as if it came alone.
//
// All counters are read before the first is written. What a check leaves is the state that the next one of that counter
// finds; the last one's is written. Equal checks after a refusal are refused in the same words, since a refusal changes
// nothing and the time stands still. The answer is one string: the time, then for each check what lua_charge.cc has for
// it.
const std::string_view kLuaChargeEach = R"lua(
local out, n, dirty, expiries = {pack('<I7', now)}, 1, {}, {}
local states = call('MGET', spread(KEYS))
for i = 1, #KEYS do
  local key, asked = KEYS[i], {cmsgpack.unpack(ARGV[i + 1])}
  local tag, capacity, units, period, anchor = asked[1], asked[2], asked[3], asked[4], asked[5]
  local decide, state, expires = evaluate[tag], states[i] or '', nil
  for at = 6, #asked, 2 do
    local cost, left = asked[at], asked[at + 1]
    while left > 0 do
      local ok, remaining, retry, reset, delay, next, gone = decide(key, state, tag, cost, capacity, units, period, anchor)
      local same = 1
      if next then
        state, expires = next, gone
      else
        same = left
      end
      local answer = pack('<BI4I7I7I7', next and 3 or ok and 1 or 0, remaining, retry, reset, delay)
      for _ = 1, same do
        n = n + 1
        out[n] = answer
      end
      left = left - same
    end
  end
  if expires then
    dirty[#dirty + 1] = key
    dirty[#dirty + 1] = state
    expiries[#expiries + 1] = expires
  end
end
if #dirty > 0 then
  call('MSET', spread(dirty))
  for i = 1, #expiries do call('PEXPIREAT', dirty[2 * i - 1], ceil_to(expiries[i], 1000)) end
end
return table.concat(out)
)lua";

}  // namespace rateguard::redis_store
