-- KEYS[i] is a counter, ARGV[i + 1] its limit, in MessagePack: tag, mode, cost, capacity, units, period; then for a
-- fixed window its anchor (1: epoch, 2: first request, 3: calendar) and the windows of the calendar, for a concurrency
-- the number of the hold; and, where it is settled, the bound (prelude.lua), and from when on nothing is given back. No
-- number is 0 but a cost, so that redis-benchmark, whose arguments end at a zero byte, can measure it.
--
-- Modes are 1: enforced; 2: shadow; 3: enforced, and moved whatever others say; 4: moved where the others admit, with a
-- verdict that counts for nobody.
--
-- Everything is decided before anything is written: an error leaves every counter as it was. The answer is one string:
-- the time, then for each limit a status (the sum of 1: admitted, 2: moved, 4: the debt is cut), remaining,
-- retry_after, reset_after and delay.
--
-- SET and PEXPIREAT are two commands because the one that does both (SET PXAT) is of Redis 6.2, and a relative expiry
-- would outlive its instant on a replica.
local out, jobs, enforced = {pack('<I7', now)}, {}, true
for i = 1, #KEYS do
  local key = KEYS[i]
  local tag, mode, cost, capacity, units, period, more, windows, bound, gives_until = cmsgpack.unpack(ARGV[i + 1])
  local ok, remaining, retry, reset, delay, next, expires, is_cut =
    decide(key, tag, cost, capacity, units, period, more, windows, bound, gives_until)
  if error_reply then return error_reply end
  if not ok and mode ~= 2 and mode ~= 4 then enforced = false end
  jobs[i] = {key, next, expires, mode, ok, remaining, retry, reset, delay, is_cut}
end
for i = 1, #jobs do
  local job = jobs[i]
  local key, next = job[1], job[2]
  local status = job[5] and 1 or 0
  if job[10] then status = status + 4 end
  if next and (enforced or job[4] == 2 or job[4] == 3) then
    status = status + 2
    if type(next) == 'string' then call('SET', key, next) else next() end
    call('PEXPIREAT', key, ceil_to(job[3], 1000))
  end
  out[i + 1] = pack('<BI7I7I7I7', status, job[6], job[7], job[8], job[9])
end
return table.concat(out)
