#include "peers/scripts.h"

#include <fmt/format.h>

#include <charconv>

namespace rateguard::peers {
namespace {

// Replicas receive what is written, not the script, since it reads the clock (see store/redis/lua_prelude.cc). `told`
// has more digits than Lua writes by itself, so that it is read back as Redis has it. Who is far in the future was
// entered before a step back of Redis's clock.
constexpr std::string_view kPrelude = R"lua(
if redis.replicate_commands then redis.replicate_commands() end
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function keep_told(key, for_ms)
  call('SET', key, time[1] .. string.format('%06d', time[2]), 'NX', 'PX', for_ms)
  call('PEXPIRE', key, for_ms)
end
)lua";

constexpr std::string_view kBeat = R"lua(
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

local answer = {call('GET', KEYS[3]), call('ZCARD', seen)}
local all = call('ZREVRANGE', seen, 0, 999, 'WITHSCORES')
local ids = {}
for i = 1, #all, 2 do ids[#ids + 1] = all[i] end
local descriptions = call('HMGET', about, unpack(ids))
for i, id in ipairs(ids) do
  answer[#answer + 1] = {id, now - tonumber(all[2 * i]), descriptions[i] or ''}
end
return answer
)lua";

constexpr std::string_view kLeave = R"lua(
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
)lua";

// Who may not publish counts the message all the same, so that nobody trusts what is remembered.
constexpr std::string_view kTell = R"lua(
keep_told(KEYS[1], ARGV[3])
call('INCR', KEYS[1])
local count = call('GET', KEYS[1])
redis.pcall('PUBLISH', ARGV[1], count .. ' ' .. ARGV[2])
return count
)lua";

std::unexpected<Error> corrupt() {
  return fail(ErrorCode::kCorrupt, "Redis answers who is there with something else than a list");
}

}  // namespace

Names::Names(std::string_view prefix)
    : seen(fmt::format("{}:i1:{{i}}seen", prefix)),
      about(fmt::format("{}:i1:{{i}}about", prefix)),
      told(fmt::format("{}:i1:{{i}}told", prefix)),
      channel(fmt::format("{}:e1", prefix)) {}

const redis::Script& beat_script() {
  static const redis::Script script(fmt::format("{}{}", kPrelude, kBeat), redis::ReplyKind::kArray);
  return script;
}

const redis::Script& leave_script() {
  static const redis::Script script(std::string(kLeave), redis::ReplyKind::kInteger);
  return script;
}

const redis::Script& tell_script() {
  static const redis::Script script(fmt::format("{}{}", kPrelude, kTell), redis::ReplyKind::kString);
  return script;
}

Result<Beat> decode_beat(const redis::Reply& reply) {
  using redis::ReplyKind;
  if (reply.is_error()) return fail(ErrorCode::kUnavailable, "Redis answers: " + reply.text);
  if (!reply.is_array() || reply.elements.size() < 2) return corrupt();
  const redis::Reply& told = reply.elements[0];
  const redis::Reply& alive = reply.elements[1];
  if (told.kind != ReplyKind::kString || alive.kind != ReplyKind::kInteger || alive.integer < 1) return corrupt();
  Beat beat{.alive = alive.integer};
  const char* const end = told.text.data() + told.text.size();
  const auto [stopped, error] = std::from_chars(told.text.data(), end, beat.told);
  if (error != std::errc() || stopped != end) return corrupt();
  for (size_t i = 2; i < reply.elements.size(); ++i) {
    const redis::Reply& entry = reply.elements[i];
    if (!entry.is_array() || entry.elements.size() != 3) return corrupt();
    if (entry.elements[1].kind != ReplyKind::kInteger) return corrupt();
    beat.seen.push_back(
        {.id = entry.elements[0].text, .ago_ms = entry.elements[1].integer, .description = entry.elements[2].text});
  }
  return beat;
}

}  // namespace rateguard::peers
