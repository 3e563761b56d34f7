-- An instance that may not publish still counts the message, so that nobody trusts what is remembered.
keep_told(KEYS[1], ARGV[3])
call('INCR', KEYS[1])
local count = call('GET', KEYS[1])
redis.pcall('PUBLISH', ARGV[1], count .. ' ' .. ARGV[2])
return count
