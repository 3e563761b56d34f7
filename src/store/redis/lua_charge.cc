#include "store/redis/lua_pieces.h"

namespace rateguard::redis_store {

// KEYS[i] is a counter, ARGV[i + 1] its limit, in MessagePack: tag, mode (1: enforced; 2: shadow; 3: enforced, and
// moved whatever others say), cost, capacity, units, period; then for a fixed window its anchor (1: epoch, 2: first
// request, 3: calendar) and the windows of the calendar, for a concurrency the number of the hold; and, where it is
// settled, the bound (lua_prelude.cc). No number is 0 but a cost, so that redis-benchmark, whose arguments end at a
// zero byte, can measure it.
//
// Everything is decided before anything is written: an error leaves every counter as it was. The answer is one string:
// the time, then for each limit a status (the sum of 1: admitted, 2: moved, 4: the debt is cut), remaining,
// retry_after, reset_after and delay.
//
// SET and PEXPIREAT are two commands because the one that does both (SET PXAT) is of Redis 6.2, and a relative expiry
// would outlive its instant on a replica. 785 bytes hold the whole of every state but long logs and many holds.
// Texts instead of numbers where they are known: Redis would print the numbers for each call.
const std::string_view kLuaDecide = R"lua(
local function decide(key, tag, cost, capacity, units, period, more, windows, bound)
  local state, f = call('GETRANGE', key, '0', '784'), evaluate[tag]
  if bound and cost == 0 then
    local ok, remaining, retry, reset = f(key, state, tag, 1, capacity, units, period, more, windows)
    if not ok then return false, remaining, retry, reset, 0 end
    error_reply, bound = nil, nil
  end
  return f(key, state, tag, cost, capacity, units, period, more, windows, bound)
end
)lua";

const std::string_view kLuaCharge = R"lua(
local out, jobs, enforced = {pack('<I7', now)}, {}, true
for i = 1, #KEYS do
  local key = KEYS[i]
  local tag, mode, cost, capacity, units, period, more, windows, bound = cmsgpack.unpack(ARGV[i + 1])
  local ok, remaining, retry, reset, delay, next, expires, is_cut =
    decide(key, tag, cost, capacity, units, period, more, windows, bound)
  if error_reply then return error_reply end
  if not ok and mode ~= 2 then enforced = false end
  jobs[i] = {key, next, expires, mode, ok, remaining, retry, reset, delay, is_cut}
end
for i = 1, #jobs do
  local job = jobs[i]
  local key, next = job[1], job[2]
  local status = job[5] and 1 or 0
  if job[10] then status = status + 4 end
  if next and (enforced or job[4] ~= 1) then
    status = status + 2
    if type(next) == 'string' then call('SET', key, next) else next() end
    call('PEXPIREAT', key, ceil_to(job[3], 1000))
  end
  out[i + 1] = pack('<BI4I7I7I7', status, job[6], job[7], job[8], job[9])
end
return table.concat(out)
)lua";

// The same for one limit, where nothing depends on another.
const std::string_view kLuaChargeOne = R"lua(
local key = KEYS[1]
local tag, mode, cost, capacity, units, period, more, windows, bound = cmsgpack.unpack(ARGV[2])
local ok, remaining, retry, reset, delay, next, expires, is_cut =
  decide(key, tag, cost, capacity, units, period, more, windows, bound)
if error_reply then return error_reply end
local status = ok and 1 or 0
if is_cut then status = status + 4 end
if next then
  status = status + 2
  if type(next) == 'string' then call('SET', key, next) else next() end
  call('PEXPIREAT', key, ceil_to(expires, 1000))
end
return pack('<I7BI4I7I7I7', now, status, remaining, retry, reset, delay)
)lua";

// A write as a charge makes one: a server that answers this takes charges. The key is gone after a second.
const std::string_view kLuaProbe = R"lua(
redis.call('SET', KEYS[1], '', 'PX', '1000')
return 1
)lua";

}  // namespace rateguard::redis_store
