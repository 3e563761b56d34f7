-- The same for one limit, where nothing depends on another.
local key = KEYS[1]
local tag, mode, cost, capacity, units, period, more, windows, bound, gives_until = cmsgpack.unpack(ARGV[2])
local ok, remaining, retry, reset, delay, next, expires, is_cut =
  decide(key, tag, cost, capacity, units, period, more, windows, bound, gives_until)
if error_reply then return error_reply end
local status = ok and 1 or 0
if is_cut then status = status + 4 end
if next then
  status = status + 2
  if type(next) == 'string' then call('SET', key, next) else next() end
  call('PEXPIREAT', key, ceil_to(expires, 1000))
end
return pack('<I7BI7I7I7I7', now, status, remaining, retry, reset, delay)
