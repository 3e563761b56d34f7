// What a front end asks the limiter, in any protocol: a limit that the check brings along, or a configured rule. (The
// third form, every rule that matches, is asked by RequestFacts.)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/limit.h"

namespace rateguard::server {

// The most parts that a rule's key may have.
inline constexpr size_t kKeyPartsMax = 8;

// Why a check is made.
enum class Purpose : uint8_t {
  kDecide,  // charge the limit
  kLook,    // show the counter, at a cost of 0
};

// Both borrow: the views live until the check is decided.
struct AdHocCheck {
  std::string_view key;  // 1 to kSubjectPartMax bytes
  Limit limit;
  Cost cost;
};

struct RuleCheck {
  std::string_view rule;
  std::span<const std::string_view> key;  // a part for each part of the rule's key
  std::string_view plan;
  Cost cost;
  Purpose purpose = Purpose::kDecide;
};

}  // namespace rateguard::server
