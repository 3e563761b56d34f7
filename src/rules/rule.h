// One rule as its author wrote it, checked part by part but not yet compiled. config/ reads these from YAML;
// rules/rule_set.h compiles them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/limit.h"
#include "store/store.h"

namespace rateguard::rules {

// What a rule counts by. kHeader, kCookie and kClaim carry a name ("header:X-Tenant").
enum class PartKind : uint8_t { kIp, kApiKey, kUser, kWorkspace, kPlan, kHeader, kCookie, kClaim, kRoute, kGlobal };

struct Part {
  PartKind kind = PartKind::kGlobal;
  std::string name = {};  // the header's, cookie's or claim's; otherwise empty

  // "ip", "header:X-Tenant", "jwt:sub"; the error lists what is possible.
  static Result<Part> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const Part&) const = default;
};

enum class RuleMode : uint8_t { kEnforce, kShadow, kOff };
// What happens to a request that lacks what the rule counts by: refused, counted by its address instead, or left alone
// by this rule.
enum class Missing : uint8_t { kReject, kIp, kSkip };
using rateguard::OnStoreFailure;

// Which requests a rule applies to. Empty members match everything.
struct Match {
  std::vector<std::string> methods = {};  // upper case
  std::vector<std::string> hosts = {};    // lower case, no port; "*.example.com" matches any subdomain
  // "/login" exact, "/api/*" everything below /api/ (and /api itself), "/users/{id}" one segment per brace.
  std::vector<std::string> paths = {};
};

struct Rule {
  std::string name;
  Match match = {};
  std::vector<Part> per = {};
  // The limit for everyone, or none where `by_plan` says.
  std::optional<Limit> limit = {};
  // By the subject's plan; nullopt is unlimited. "default" serves plans that are not named.
  std::map<std::string, std::optional<Limit>> by_plan = {};
  Missing missing = Missing::kReject;
  RuleMode mode = RuleMode::kEnforce;
  std::string store = "default";
  StoreNumber store_number = 0;  // of `store`, among those of the configuration
  OnStoreFailure on_store_failure = OnStoreFailure::kAllow;
  Consistency consistency = Consistency::kExact;
  SourcePosition position = {};  // where it was written, for messages
};

}  // namespace rateguard::rules
