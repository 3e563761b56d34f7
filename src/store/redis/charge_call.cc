#include "store/redis/charge_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "algorithm/calendar.h"
#include "algorithm/state.h"
#include "store/redis/wire.h"

namespace rateguard::redis_store {
namespace {

// The script's codes for anchors.
enum class AnchorCode : uint8_t { kEpoch = 1, kFirstRequest = 2, kCalendar = 3 };
// The script's codes for modes.
constexpr uint64_t kEnforceCode = 1;
constexpr uint64_t kShadowCode = 2;
constexpr uint64_t kMoveCode = 3;    // enforced, and moved regardless of the others
constexpr uint64_t kSettleCode = 4;  // moved if the others admit, with a verdict that does not count

uint64_t mode_code(const Charge& charge) {
  if (charge.mode == Mode::kShadow) return kShadowCode;
  if (charge.mode == Mode::kSettle) return kSettleCode;
  return is_held_back_by_others(charge) ? kEnforceCode : kMoveCode;
}

AnchorCode anchor_code(Anchor anchor) {
  if (anchor == Anchor::kEpoch) return AnchorCode::kEpoch;
  return anchor == Anchor::kFirstRequest ? AnchorCode::kFirstRequest : AnchorCode::kCalendar;
}

void append_time(std::string& out, std::optional<Instant> now) {
  if (now) fmt::format_to(std::back_inserter(out), "{}", now->us);
}

// The windows of the expected instants, and those before and after them: an instant near a boundary may be on either
// side of it. Each as its start and its end.
void append_calendar(std::string& out, const Limit& limit, std::span<const Instant> expected) {
  const auto append = [&](Instant t) {
    const algorithm::Window window = algorithm::calendar_window(t, limit.anchor, limit.zone);
    // Redis knows no instants before the epoch.
    append_little_endian(out, static_cast<uint64_t>(std::max<int64_t>(0, window.start.us)), kTimeBytes);
    append_little_endian(out, static_cast<uint64_t>(window.end.us), kTimeBytes);
    return window;
  };
  for (const Instant t : expected) {
    const algorithm::Window here = append(t);
    append(here.end);
    if (here.start > Instant{}) append(here.start - Duration::micros(1));
  }
}

// Giving back nothing is a look.
bool is_settled(const Charge& charge) {
  const Cost cost = charge.cost;
  return cost.movement == Movement::kTakeWhole || (cost.movement == Movement::kGiveBack && cost.units != 0);
}

// What an algorithm needs besides its figures, in two fields that are filled up if another limit follows.
void append_more(std::string& out, const Limit& limit, const CallOptions& options, bool fill_both) {
  constexpr uint64_t kNothing = 1;
  std::string more;
  if (limit.algorithm == Algorithm::kFixedWindow) {
    const AnchorCode anchor = anchor_code(limit.anchor);
    append_number(out, static_cast<uint64_t>(anchor));
    if (anchor == AnchorCode::kCalendar) {
      append_calendar(more, limit, options.expected);
      append_text(out, more);
    } else if (fill_both) {
      append_number(out, kNothing);
    }
    return;
  }
  if (limit.algorithm == Algorithm::kConcurrency) {
    append_little_endian(more, options.hold_number, 8);
    append_text(out, more);
  } else if (fill_both) {
    append_number(out, kNothing);
  }
  if (fill_both) append_number(out, kNothing);
}

void append_limit(std::string& out, const Charge& charge, const CallOptions& options) {
  const Limit& limit = *charge.limit;
  append_number(out, algorithm::state_tag(limit.algorithm));
  append_number(out, mode_code(charge));
  charge.cost.movement == Movement::kGiveBack ? append_negative(out, charge.cost.units)
                                              : append_number(out, charge.cost.units);
  append_number(out, limit.capacity);
  append_number(out, limit.rate.units);
  append_number(out, static_cast<uint64_t>(limit.rate.period.us));
  append_more(out, limit, options, is_settled(charge));
  if (!is_settled(charge)) return;
  append_number(out, limit.units_max());
  const bool gives = charge.cost.movement == Movement::kGiveBack;
  if (gives && charge.gives_until != Instant::max()) append_number(out, static_cast<uint64_t>(charge.gives_until.us));
}

}  // namespace

void ScriptCall::begin(const Script& script) {
  script_ = &script;
  bytes_.clear();
  ends_.clear();
  keys_ = 0;
}

void ScriptCall::end_key() {
  ends_.push_back(bytes_.size());
  ++keys_;
}

std::string_view ScriptCall::part(size_t i) const {
  const size_t from = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(from, ends_[i] - from);
}

Result<void> encode_charge(const ChargeGroup& group, const CallOptions& options, const KeyLayout& layout,
                           ScriptCall& out) {
  if (group.charges.empty()) return invalid("a call needs a limit to decide");
  const bool is_one = group.charges.size() == 1;
  out.begin(is_one ? charge_one_script(group.charges[0].limit->algorithm) : charge_script());
  for (const Charge& charge : group.charges) {
    layout.append_counter(out.bytes(), charge.key, charge.limit->algorithm, options.tag);
    out.end_key();
  }
  append_time(out.bytes(), options.now);
  out.end_argument();
  for (const Charge& charge : group.charges) {
    append_limit(out.bytes(), charge, options);
    out.end_argument();
  }
  return {};
}

Result<ChargeReply> decode_charge(std::string_view reply, const ChargeGroup& group, const CallOptions& options,
                                  const KeyLayout& layout) {
  const size_t expected_bytes = kTimeBytes + group.charges.size() * kDecisionBytes;
  if (reply.size() != expected_bytes) {
    return fail(ErrorCode::kCorrupt, fmt::format("Redis answered {} bytes to {} limits, where {} are due", reply.size(),
                                                 group.charges.size(), expected_bytes));
  }
  const uint64_t now_us = take_little_endian(reply, kTimeBytes);
  if (now_us > static_cast<uint64_t>(Instant::max().us) ||
      (options.now && options.now->us != static_cast<int64_t>(now_us))) {
    return fail(ErrorCode::kCorrupt, fmt::format("Redis answered for another time: {} us", now_us));
  }
  bool all_admit = true;
  std::string_view rest = reply;
  for (const Charge& charge : group.charges) {
    all_admit &= WireDecision::take(rest).admitted() || charge.mode != Mode::kEnforce;
  }
  rest = reply;
  for (const Charge& charge : group.charges) {
    const char* fault = WireDecision::take(rest).fault(charge, all_admit);
    if (fault != nullptr) {
      return fail(ErrorCode::kCorrupt,
                  fmt::format("Redis answered {} to a {}", fault, to_string(charge.limit->algorithm)));
    }
  }
  ChargeReply out = {.now = {static_cast<int64_t>(now_us)}};
  for (Charge& charge : group.charges) {
    const WireDecision answer = WireDecision::take(reply);
    charge.decision = answer.decision(charge);
    out.is_charged |= answer.moved();
    if (answer.moved() && charge.limit->algorithm == Algorithm::kConcurrency) {
      charge.decision.hold = layout.hold_id(charge.key, options.tag, options.hold_number);
    }
  }
  return out;
}

std::optional<Instant> outside_calendar(std::string_view error) {
  constexpr std::string_view kCode = "RGWINDOW ";
  if (!error.starts_with(kCode)) return std::nullopt;
  error.remove_prefix(kCode.size());
  Instant t;
  const auto [end, code] = std::from_chars(error.data(), error.data() + error.size(), t.us);
  if (code != std::errc{} || end != error.data() + error.size() || t.us < 0 || t > Instant::max()) return std::nullopt;
  return t;
}

void encode_release(const HoldId& hold, std::optional<Instant> now, const KeyLayout& layout, ScriptCall& out) {
  out.begin(release_script());
  layout.append_counter_of(out.bytes(), hold);
  out.end_key();
  append_time(out.bytes(), now);
  out.end_argument();
  append_little_endian(out.bytes(), KeyLayout::hold_number(hold), 8);
  out.end_argument();
}

}  // namespace rateguard::redis_store
