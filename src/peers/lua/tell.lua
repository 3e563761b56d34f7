-- Who may not publish counts the message all the same, so that nobody trusts what is remembered.
keep_told(KEYS[1], ARGV[3])
call('INCR', KEYS[1])
local count = call('GET', KEYS[1])
redis.pcall('PUBLISH', ARGV[1], count .. ' ' .. ARGV[2])
return count
