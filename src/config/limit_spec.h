// The keys that describe a limit, and which of them each algorithm needs.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "model/limit.h"
#include "model/quantity.h"

namespace rateguard::config {

enum class LimitKey : uint8_t {
  kAlgorithm,
  kLimit,
  kWindow,
  kCapacity,
  kRefill,
  kRate,
  kBurst,
  kQueue,
  kAnchor,
  kTimeZone,
  kHold,
  kOverdraft,
};
inline constexpr size_t kLimitKeys = 12;

// "algorithm", "limit", ..., "overdraft".
std::string_view to_string(LimitKey key);

// The given keys, not checked against each other yet.
struct LimitSpec {
  std::optional<Algorithm> algorithm = {};   // absent: token_bucket
  std::optional<uint64_t> limit = {};        // a plain number, or
  std::optional<LimitText> limit_text = {};  // "N/period [burst B]"
  std::optional<Duration> window = {};
  std::optional<uint64_t> capacity = {};
  std::optional<Rate> refill = {};
  std::optional<Rate> rate = {};
  std::optional<uint64_t> burst = {};
  std::optional<uint64_t> queue = {};
  std::optional<Anchor> anchor = {};
  std::optional<const zoneinfo::TimeZone*> time_zone = {};
  std::optional<Duration> hold = {};
  std::optional<bool> overdraft = {};

  // Whether a key was given. `limit` may be either of its two forms.
  bool has(LimitKey key) const;
  // Sets one key from text. Errors: kInvalid, with what was expected.
  Result<void> set(LimitKey key, std::string_view text);
  // As if the key had not been given.
  void clear(LimitKey key);
};

struct LimitProblem {
  LimitKey key = LimitKey::kLimit;  // the wrong or missing key
  std::string message;
};

// Errors: a key that does not go with the algorithm (the message lists those that do), a missing key, two keys for the
// same value, a number out of bounds.
std::expected<Limit, LimitProblem> make_limit(const LimitSpec& spec);

}  // namespace rateguard::config
