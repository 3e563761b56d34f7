#include "store/redis/wire.h"

namespace rateguard::redis_store {
namespace {

// The scripts' code for "never": above every instant and every wait.
constexpr uint64_t kNever = uint64_t{1} << 53;
constexpr uint8_t kAdmittedBit = 1;
constexpr uint8_t kMovedBit = 2;
constexpr uint8_t kCutBit = 4;

}  // namespace

void append_little_endian(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t take_little_endian(std::string_view& in, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{static_cast<uint8_t>(in[i])} << (8 * i);
  in.remove_prefix(bytes);
  return value;
}

void append_number(std::string& out, uint64_t value) {
  constexpr uint64_t kFixMax = 0x7F;
  const auto append = [&](uint8_t mark, size_t bytes) {
    out.push_back(static_cast<char>(mark));
    for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  };
  if (value <= kFixMax) return out.push_back(static_cast<char>(value));
  if (value <= UINT8_MAX) return append(0xCC, 1);
  if (value <= UINT16_MAX) return append(0xCD, 2);
  if (value <= UINT32_MAX) return append(0xCE, 4);
  append(0xCF, 8);
}

void append_negative(std::string& out, uint64_t value) {
  const uint64_t number = ~value + 1;  // two's complement, in its 64-bit format
  out.push_back(static_cast<char>(0xD3));
  for (size_t i = 8; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i)));
}

void append_text(std::string& out, std::string_view text) {
  out.push_back(static_cast<char>(0xDA));
  out.push_back(static_cast<char>(text.size() >> 8));
  out.push_back(static_cast<char>(text.size()));
  out += text;
}

WireDecision WireDecision::take(std::string_view& in) {
  WireDecision answer;
  answer.status = static_cast<uint8_t>(take_little_endian(in, 1));
  answer.remaining = take_little_endian(in, kUnitsBytes);
  answer.retry_us = take_little_endian(in, kTimeBytes);
  answer.reset_us = take_little_endian(in, kTimeBytes);
  answer.delay_us = take_little_endian(in, kTimeBytes);
  return answer;
}

bool WireDecision::admitted() const {
  return (status & kAdmittedBit) != 0;
}

bool WireDecision::moved() const {
  return (status & kMovedBit) != 0;
}

bool WireDecision::is_cut() const {
  return (status & kCutBit) != 0;
}

// Nothing moves if a counter has nothing to give back, or already owes the maximum.
bool WireDecision::moved_as_due(const Charge& charge, bool all_admit) const {
  if (charge.cost.units == 0) return !moved();
  if (charge.mode == Mode::kSettle && !all_admit) return !moved();
  switch (charge.cost.movement) {
    case Movement::kTake:
      return moved() == (admitted() && (charge.mode == Mode::kShadow || all_admit));
    case Movement::kTakeWhole:
      return moved() || is_cut();
    case Movement::kGiveBack:
      break;
  }
  return true;
}

const char* WireDecision::fault(const Charge& charge, bool all_admit) const {
  const auto longest_us = static_cast<uint64_t>(Instant::max().us);
  const Limit& limit = *charge.limit;
  const Movement movement = charge.cost.movement;
  const bool fits_never = movement == Movement::kTake && charge.cost.units > limit.capacity;
  const bool may_refuse = movement == Movement::kTakeWhole || (movement == Movement::kTake && charge.cost.units != 0);
  if (status > (kAdmittedBit | kMovedBit | kCutBit)) return "an unknown status";
  if (is_cut() && movement != Movement::kTakeWhole) return "a debt";
  if (remaining > limit.capacity) return "more remaining than the limit";
  if (reset_us > longest_us || delay_us > longest_us) return "a time beyond every instant";
  if (admitted() ? retry_us != 0 : retry_us == 0) return "a verdict that contradicts its wait";
  if (!admitted() && !may_refuse) return "a refusal of a look";
  if (fits_never ? retry_us != kNever : retry_us > longest_us) return "a wait that contradicts the cost";
  if (delay_us != 0 && (limit.algorithm != Algorithm::kLeakyBucket || !admitted())) return "a delay";
  if (!moved_as_due(charge, all_admit)) return "a charge that contradicts a verdict";
  return nullptr;
}

Decision WireDecision::decision(const Charge& charge) const {
  return {.verdict = admitted() ? Verdict::kAdmitted : Verdict::kRefused,
          .debt_is_cut = is_cut(),
          .limit = charge.limit->capacity,
          .remaining = remaining,
          .retry_after = retry_us == kNever ? Duration::never() : Duration{static_cast<int64_t>(retry_us)},
          .reset_after = {static_cast<int64_t>(reset_us)},
          .delay = {static_cast<int64_t>(delay_us)}};
}

}  // namespace rateguard::redis_store
