-- Replicas receive what is written, not the script, since it reads the clock (see store/redis/lua/prelude.lua). `told`
-- has more digits than Lua writes by itself, so that it is read back as Redis has it. An instance far in the
-- future was entered before a step back of Redis's clock.
if redis.replicate_commands then redis.replicate_commands() end
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function keep_told(key, for_ms)
  call('SET', key, time[1] .. string.format('%06d', time[2]), 'NX', 'PX', for_ms)
  call('PEXPIRE', key, for_ms)
end
