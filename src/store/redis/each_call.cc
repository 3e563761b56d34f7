#include "store/redis/each_call.h"

#include <fmt/format.h>

#include <iterator>

#include "algorithm/state.h"
#include "store/redis/wire.h"

namespace rateguard::redis_store {
namespace {

// The script's codes for anchors; 0 if the algorithm has none.
uint64_t anchor_code(const Limit& limit) {
  if (limit.algorithm != Algorithm::kFixedWindow) return 0;
  return limit.anchor == Anchor::kEpoch ? 1 : 2;
}

void append_asked(std::string& out, const AskedCounter& asked) {
  const Limit& limit = *asked.checks.front()->limit;
  append_number(out, algorithm::state_tag(limit.algorithm));
  append_number(out, limit.capacity);
  append_number(out, limit.rate.units);
  append_number(out, static_cast<uint64_t>(limit.rate.period.us));
  append_number(out, anchor_code(limit));
  if (asked.checks.size() == 1) return append_number(out, asked.checks.front()->cost.units);
  for (size_t i = 0; i < asked.checks.size();) {
    const Cost cost = asked.checks[i]->cost;
    size_t end = i + 1;
    while (end < asked.checks.size() && asked.checks[end]->cost == cost) ++end;
    append_number(out, cost.units);
    append_number(out, end - i);
    i = end;
  }
}

}  // namespace

bool fits_each_call(const Charge& check) {
  const Limit& limit = *check.limit;
  if (check.cost.movement != Movement::kTake) return false;
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
    case Algorithm::kLeakyBucket:
    case Algorithm::kSlidingWindowCounter:
      return true;
    case Algorithm::kFixedWindow:
      return limit.anchor == Anchor::kEpoch || limit.anchor == Anchor::kFirstRequest;
    default:
      return false;
  }
}

void encode_each(std::span<const AskedCounter> asked, const CallOptions& options, const KeyLayout& layout,
                 ScriptCall& out) {
  out.begin(charge_each_script());
  for (const AskedCounter& counter : asked) {
    const Charge& first = *counter.checks.front();
    layout.append_counter(out.bytes(), first.key, first.limit->algorithm, options.tag);
    out.end_key();
  }
  if (options.now) fmt::format_to(std::back_inserter(out.bytes()), "{}", options.now->us);
  out.end_argument();
  for (const AskedCounter& counter : asked) {
    append_asked(out.bytes(), counter);
    out.end_argument();
  }
}

Result<Instant> decode_each(std::string_view reply, std::span<const AskedCounter> asked, const CallOptions& options) {
  size_t checks = 0;
  for (const AskedCounter& counter : asked) checks += counter.checks.size();
  if (reply.size() != kTimeBytes + checks * kDecisionBytes) {
    return fail(ErrorCode::kCorrupt, fmt::format("Redis answered {} bytes to {} checks", reply.size(), checks));
  }
  const uint64_t now_us = take_little_endian(reply, kTimeBytes);
  if (now_us > static_cast<uint64_t>(Instant::max().us) ||
      (options.now && options.now->us != static_cast<int64_t>(now_us))) {
    return fail(ErrorCode::kCorrupt, fmt::format("Redis answered for another time: {} us", now_us));
  }
  std::string_view rest = reply;
  for (const AskedCounter& counter : asked) {
    for (const Charge* check : counter.checks) {
      const WireDecision decision = WireDecision::take(rest);
      const char* const fault = decision.fault(*check, decision.admitted());
      if (fault != nullptr) {
        return fail(ErrorCode::kCorrupt,
                    fmt::format("Redis answered {} to a {}", fault, to_string(check->limit->algorithm)));
      }
    }
  }
  for (const AskedCounter& counter : asked) {
    for (Charge* check : counter.checks) check->decision = WireDecision::take(reply).decision(*check);
  }
  return Instant{static_cast<int64_t>(now_us)};
}

}  // namespace rateguard::redis_store
