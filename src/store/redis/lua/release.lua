-- KEYS[1] is the counter, ARGV[2] the hold's number. Answers 1, or 0 if there is no such hold, or no longer.
local state = call('GET', KEYS[1])
if not state or string.byte(state) ~= 7 then return 0 end
local place
local from = 14
while true do
  from = string.find(state, ARGV[2], from, true)
  if not from then return 0 end
  if (from - 25) % 19 == 0 then break end
  from = from + 1
end
place = (from - 25) / 19
local over, units = unpack('<I7I4', state, 14 + 19 * place)
if over <= now then return 0 end
local _, _, held = unpack('<BI7I5', state)
held = held - units
local first = 0
while first < place do
  local gone, more = unpack('<I7I4', state, 14 + 19 * first)
  if gone > now then break end
  held, first = held - more, first + 1
end
local kept = string.sub(state, 14 + 19 * first, 13 + 19 * place) .. string.sub(state, 33 + 19 * place)
if kept == '' then
  call('DEL', KEYS[1])
else
  local last = unpack('<I7', kept, #kept - 18)
  call('SET', KEYS[1], pack('<BI7I5', 7, last, held) .. kept)
  call('PEXPIREAT', KEYS[1], ceil_to(last, 1000))
end
return 1
