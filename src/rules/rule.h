// One rule as its author wrote it, checked part by part but not yet compiled. config/ reads these from YAML;
// rules/rule_set.h compiles them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/ip_address.h"
#include "model/limit.h"
#include "rules/schedule.h"
#include "store/store.h"

namespace rateguard::rules {

// What a rule counts by. kHeader, kCookie, kClaim and kTag carry a name ("header:X-Tenant"). kMember and kTag are of
// the API key's record in the catalog.
enum class PartKind : uint8_t {
  kIp,
  kApiKey,
  kUser,
  kWorkspace,
  kPlan,
  kHeader,
  kCookie,
  kClaim,
  kRoute,
  kGlobal,
  kMember,
  kTag
};

struct Part {
  PartKind kind = PartKind::kGlobal;
  std::string name = {};  // the header's, cookie's, claim's or tag's; otherwise empty

  // "ip", "header:X-Tenant", "jwt:sub"; the error lists the possible forms.
  static Result<Part> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const Part&) const = default;
};

enum class RuleMode : uint8_t { kEnforce, kShadow, kOff };
// What happens to a request that lacks what the rule counts by: refused, counted by its address instead, or left alone
// by this rule.
enum class Missing : uint8_t { kReject, kIp, kSkip };
using rateguard::OnStoreFailure;

// Methods, hosts and paths.
struct Targets {
  std::vector<std::string> methods = {};  // upper case
  std::vector<std::string> hosts = {};    // lower case, no port; "*.example.com" matches any subdomain
  // "/login" exact, "/api/*" everything below /api/ (and /api itself), "/users/{id}" one segment per brace.
  std::vector<std::string> paths = {};

  bool operator==(const Targets&) const = default;
};

// Where the caller's full address, before any prefix is applied, must and must not lie.
struct AddressCondition {
  std::vector<IpPrefix> inside = {};   // empty: anywhere, or unknown
  std::vector<IpPrefix> outside = {};  // an unknown address is outside

  bool operator==(const AddressCondition&) const = default;
};

// What must hold for one property of a request or its caller: a header, the user.
struct ValueCondition {
  // An empty value is absent. kNoneOf holds for an absent value, kOneOf does not.
  enum class Kind : uint8_t { kOneOf, kNoneOf, kPresent, kAbsent };

  Part of = {};  // kApiKey, kUser, kWorkspace, kPlan, kHeader, kCookie or kClaim
  Kind kind = Kind::kOneOf;
  std::vector<std::string> values = {};  // compared byte by byte; for kOneOf and kNoneOf

  bool operator==(const ValueCondition&) const = default;
};

// Which requests a rule applies to: those for which all of this holds. Empty members match everything.
struct Match {
  std::vector<std::string> methods = {};  // any of them; these three as in Targets
  std::vector<std::string> hosts = {};
  std::vector<std::string> paths = {};
  Targets except = {};  // none of them
  AddressCondition address = {};
  std::vector<ValueCondition> values = {};
  std::vector<WeeklySpan> when = {};  // in any of them, by the wall clock

  bool operator==(const Match&) const = default;
};

// How many units a request of cost 1 takes; one of cost N takes N times as many. The first member that applies counts.
struct RuleCost {
  struct OfPath {
    std::string path;  // a pattern, as in Match
    uint64_t units = 1;
    bool operator==(const OfPath&) const = default;
  };

  // A header with the cost: a whole number, taken as `header_max` if it is larger and as 1 if it is 0. Anything else
  // counts as absent.
  std::string header = {};
  uint64_t header_max = 0;
  std::vector<OfPath> by_path = {};                              // the most specific that matches
  std::vector<std::pair<std::string, uint64_t>> by_method = {};  // upper case
  uint64_t units = 1;                                            // otherwise

  bool operator==(const RuleCost&) const = default;
};

// How many bits of an address name one caller; absent: as identify() does it.
struct AddressPrefixes {
  std::optional<int> v4 = {};  // of 32
  std::optional<int> v6 = {};  // of 128

  // The address with the bits after its prefix cleared; unchanged if there is no prefix for its family.
  IpAddress cut(IpAddress address) const;
  bool operator==(const AddressPrefixes&) const = default;
};

// Limits for subjects by name. Many subjects share few limits.
struct SubjectLimits {
  std::vector<std::optional<Limit>> limits = {};  // the distinct ones; nullopt is unlimited
  // Names as requests give them, each with its index in `limits`; addresses as text.
  std::vector<std::pair<std::string, uint32_t>> subjects = {};
};

struct Rule {
  std::string name;
  Match match = {};
  std::string group = {};  // of the rules of a group that match, the most specific one applies; empty: no group
  std::vector<Part> per = {};
  AddressPrefixes prefixes = {};  // of the addresses that it counts by
  // The limit for everyone; none if `by_plan` has the limits, or the rule is unlimited.
  std::optional<Limit> limit = {};
  // `limit: unlimited`. A rule with nothing besides exempts what it matches: in a group from the group's other rules,
  // otherwise from every rule.
  bool unlimited = false;
  // By the subject's plan; nullopt is unlimited. "default" applies to plans that are not named.
  std::map<std::string, std::optional<Limit>> by_plan = {};
  // By the caller's name; takes precedence over by_plan and limit; null if no caller is named.
  std::shared_ptr<const SubjectLimits> by_subject = {};
  RuleCost cost = {};
  Missing missing = Missing::kReject;
  RuleMode mode = RuleMode::kEnforce;
  std::string store = "default";
  StoreNumber store_number = 0;  // of `store`, among those of the configuration
  OnStoreFailure on_store_failure = OnStoreFailure::kAllow;
  Consistency consistency = Consistency::kExact;
  SourcePosition position = {};  // where it was written, for messages

  // Whether it exempts requests from every other rule.
  bool exempts() const { return unlimited && by_subject == nullptr && group.empty(); }
};

}  // namespace rateguard::rules
