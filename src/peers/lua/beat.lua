local seen, about, me, gone_after = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[3])
keep_told(KEYS[3], gone_after)
local function drop(ids)
  if #ids == 0 then return end
  call('ZREM', seen, unpack(ids))
  call('HDEL', about, unpack(ids))
end
drop(call('ZRANGEBYSCORE', seen, '-inf', string.format('(%.0f', now - gone_after), 'LIMIT', 0, 1000))
drop(call('ZRANGEBYSCORE', seen, string.format('(%.0f', now + gone_after), '+inf', 'LIMIT', 0, 1000))
call('ZADD', seen, now, me)
call('HSET', about, me, ARGV[2])
call('PEXPIRE', seen, gone_after)
call('PEXPIRE', about, gone_after)

-- The first instance's secret becomes everyone's. An instance that knows it gives it back to a Redis that has lost it.
call('SET', KEYS[4], ARGV[4], 'NX')
call('PEXPIRE', KEYS[4], ARGV[5])

local answer = {call('GET', KEYS[3]), call('ZCARD', seen), call('GET', KEYS[4])}
local all = call('ZREVRANGE', seen, 0, 999, 'WITHSCORES')
local ids = {}
for i = 1, #all, 2 do ids[#ids + 1] = all[i] end
local descriptions = call('HMGET', about, unpack(ids))
for i, id in ipairs(ids) do
  answer[#answer + 1] = {id, now - tonumber(all[2 * i]), descriptions[i] or ''}
end
return answer
