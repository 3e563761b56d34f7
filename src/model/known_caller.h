// A caller who has shown an API key of the catalog: who that is, and which limits are its own. Everything is borrowed
// from what is known of the key, which lives as long as the request does.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/own_limit.h"

namespace rateguard {

// Whose a limit is that takes the place of a rule's, the first of them that has one.
enum class LimitOwner : uint8_t { kKey, kWorkspace, kPlan };
inline constexpr size_t kLimitOwners = 3;
// "key", "workspace", "plan".
constexpr std::string_view to_string(LimitOwner owner) {
  constexpr std::array<std::string_view, kLimitOwners> kNames = {"key", "workspace", "plan"};
  return kNames[static_cast<size_t>(owner)];
}

struct LimitOfRule {
  std::string_view rule;
  OwnLimit limit;
};

// A limit, and whose it is.
struct OwnedLimit {
  OwnLimit limit = {};
  LimitOwner owner = LimitOwner::kKey;

  bool operator==(const OwnedLimit&) const = default;
};

struct KnownCaller {
  std::string_view key_id = {};  // of the catalog: never the key itself
  std::string_view workspace = {};
  std::string_view member = {};                                    // empty: none
  std::string_view plan = {};                                      // empty: none
  std::span<const std::pair<std::string, std::string>> tags = {};  // in the order of their names
  // By LimitOwner, each in the order of the rules' names.
  std::array<std::span<const LimitOfRule>, kLimitOwners> own_limits = {};

  // The limit that takes the place of that rule's. nullopt: nobody has one, the rule's holds.
  std::optional<OwnedLimit> limit_for(std::string_view rule) const {
    for (size_t owner = 0; owner < kLimitOwners; ++owner) {
      const auto found = std::ranges::lower_bound(own_limits[owner], rule, {}, &LimitOfRule::rule);
      if (found == own_limits[owner].end() || found->rule != rule) continue;
      return OwnedLimit{.limit = found->limit, .owner = static_cast<LimitOwner>(owner)};
    }
    return std::nullopt;
  }
  // Empty: it has no such tag.
  std::string_view tag(std::string_view name) const {
    for (const auto& [key, value] : tags) {
      if (key == name) return value;
    }
    return {};
  }
};

}  // namespace rateguard
