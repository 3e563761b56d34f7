-- algorithm/window_log.h. One string: a header of 17 bytes (tag, expiry, the sum before the oldest entry, the index of
-- the oldest entry), then 12 bytes an entry: its time, and the sum of every charge up to and including it, modulo 2^40.
-- The charges of a window sum up to less than 2^32, so differences are right. `at`, `first` and the like count entries
-- from 0, those that have left but are still in the string included.
--
-- A log of up to 64 entries is read and written whole. A longer one is searched by GETRANGE and grows by APPEND, so
-- that a charge costs a few dozen bytes whatever the limit; what has left is cut off when it is half of the string.
--
-- The bound of 4,194,304 charges keeps a string below 100 MiB, far inside Redis's 512: an APPEND that Redis refused
-- would fail after other limits were charged.
local LOG_HEADER, LOG_ENTRY, MODULUS, LOG_MAX = '<BI7I5I4', '<I7I5', 1099511627776, 4194304

-- The first index in [from, to) of which is_true holds, given that it holds of all after it; near ones soonest.
local function first_index(from, to, is_true)
  local step = 1
  while from < to do
    local i = from + step - 1
    if i >= to then break end
    if is_true(i) then
      to = i
      break
    end
    from, step = i + 1, step * 2
  end
  while from < to do
    local middle = from + math.floor((to - from) / 2)
    if is_true(middle) then to = middle else from = middle + 1 end
  end
  return from
end

local function log_writer(key, state, cost, log, t, gone)
  return function()
    if log.count == log.first then
      call('SET', key, pack(LOG_HEADER, 5, gone, 0, 0) .. pack(LOG_ENTRY, t, cost))
    else
      local base = log.base
      if log.first > log.head then
        local _, sum = log.at(log.first - 1)
        base = sum
      end
      local keep, entry = log.count, pack(LOG_ENTRY, t, (log.last_sum + cost) % MODULUS)
      if log.last_time == t then keep = keep - 1 end
      if #state < PREFIX then
        local kept = string.sub(state, 18 + 12 * log.first, 17 + 12 * keep)
        call('SET', key, pack(LOG_HEADER, 5, gone, base, 0) .. kept .. entry)
      elseif log.first * 2 > log.count then
        local kept = ''
        if keep > log.first then kept = call('GETRANGE', key, 17 + 12 * log.first, 16 + 12 * keep) end
        call('SET', key, pack(LOG_HEADER, 5, gone, base, 0) .. kept .. entry)
      else
        call('SETRANGE', key, 17 + 12 * keep, entry)
        call('SETRANGE', key, 0, pack(LOG_HEADER, 5, gone, base, log.first))
      end
    end
  end
end

-- The entry after which `kept` units from the entry log.first on are through.
local function kept_entry(log, before, kept)
  return first_index(log.first, log.count, function(i)
    local _, sum = log.at(i)
    return (sum - log.base) % MODULUS >= before + kept
  end)
end

local function log_cutter(key, state, log, before, kept, last, gone)
  return function()
    local from, to, base = 17 + 12 * log.first, 16 + 12 * last, log.base
    if log.first > log.head then
      local _, sum = log.at(log.first - 1)
      base = sum
    end
    local whole = ''
    if last > log.first then
      whole = #state < PREFIX and string.sub(state, from + 1, to + 1) or call('GETRANGE', key, from, to)
    end
    local entry = pack(LOG_ENTRY, (log.at(last)), (base + kept) % MODULUS)
    call('SET', key, pack(LOG_HEADER, 5, gone, base, 0) .. whole .. entry)
  end
end

local function settle_log(key, state, log, before, used, t, expires, cost, capacity, period, bound)
  local total, is_cut = moved(used, cost, bound)
  local remaining = total < capacity and capacity - total or 0
  if cost < 0 then
    if total == 0 then return true, capacity, 0, 0, 0, forget(key), now end
    local last = kept_entry(log, before, total)
    local gone = math.min(expires, log.at(last) + period)
    return true, remaining, 0, gone - now, 0, log_cutter(key, state, log, before, total, last, gone), gone
  end
  if used + cost > capacity and log.first < log.count and (t - log.last_time) * 1024 < period then t = log.last_time end
  local gone, next = t + period, nil
  if total == used then
    gone = expires
  else
    if log.count - log.first >= LOG_MAX and t ~= log.last_time then
      error_reply = {err = 'RGFULL a window log has 4194304 entries'}
    end
    next = log_writer(key, state, total - used, log, t, gone)
  end
  if used < capacity then return true, remaining, 0, gone - now, 0, next, gone, is_cut end
  local leaver = kept_entry(log, before, total + 1 - capacity)
  local retry = (leaver < log.count and log.at(leaver) + period or gone) - now
  return false, remaining, retry, gone - now, 0, next, gone, is_cut
end

evaluate[5] = function(key, state, tag, cost, capacity, units, period, _, _, bound)
  local log = {count = 0, head = 0, first = 0, base = 0}
  local expires, used, t = 0, 0, now
  local function at(i)
    local from = 17 + 12 * i
    if from + 12 <= #state then return unpack(LOG_ENTRY, state, from + 1) end
    return unpack(LOG_ENTRY, call('GETRANGE', key, from, from + 11))
  end
  log.at = at
  local before = 0
  if string.byte(state) == 5 then
    local _, gone, base, head = unpack(LOG_HEADER, state)
    if now < gone then
      expires = gone
      local bytes = #state
      if bytes == PREFIX then bytes = call('STRLEN', key) end
      local count = (bytes - 17) / 12
      log.count, log.head, log.base = count, head, base
      log.last_time, log.last_sum = at(count - 1)
      if log.last_time > t then t = log.last_time end
      local left = t - period
      log.first = first_index(head, count, function(i) return at(i) > left end)
      if log.first > head then
        local _, sum = at(log.first - 1)
        before = (sum - base) % MODULUS
      end
      used = (log.last_sum - base) % MODULUS - before
    end
  end
  if bound and (cost > 0 or used > 0) then
    return settle_log(key, state, log, before, used, t, expires, cost, capacity, period, bound)
  end
  if bound then cost = 0 end
  if cost > 0 and used + cost <= capacity then
    if log.count - log.first >= LOG_MAX then error_reply = {err = 'RGFULL a window log has 4194304 entries'} end
    local over = t + period
    return true, capacity - used - cost, 0, over - now, 0, log_writer(key, state, cost, log, t, over), over
  end
  local remaining = used < capacity and capacity - used or 0
  local reset = used > 0 and math.min(log.last_time + period, expires) - now or 0
  if cost == 0 then return true, remaining, 0, reset, 0 end
  if cost > capacity then return false, remaining, NEVER, reset, 0 end
  local must_leave = before + used + cost - capacity
  local leaver = first_index(log.first, log.count, function(i)
    local _, sum = at(i)
    return (sum - log.base) % MODULUS >= must_leave
  end)
  return false, remaining, math.min(at(leaver) + period, expires) - now, reset, 0
end
