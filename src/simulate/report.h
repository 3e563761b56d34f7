// Everything a simulation found out, as plain values that the writers (table, JSON, page) only have to lay out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulate/log_reader.h"
#include "simulate/quota_series.h"
#include "simulate/statistics.h"
#include "simulate/timeline.h"

namespace rateguard::simulate {

// A subject as one rule counts it. Names are safe to print; credentials are masked.
struct SubjectReport {
  std::string name;
  uint64_t requests = 0;
  uint64_t refused = 0;  // by the rule's own verdict, in shadow mode those that would have been
  uint64_t cost_admitted = 0;
};

// Requests that lacked one of the things that a rule counts by.
struct MissingReport {
  std::string part;                                 // "api_key", "header:X-Tenant"
  rules::Missing effect = rules::Missing::kReject;  // kReject: the rule refuses them; kSkip: it does not count them
  uint64_t requests = 0;
};

// What no request of the log has, so that a rule that asks for it applied to none.
enum class Unreachable : uint8_t { kNone, kPath, kHost, kMethod };

// Which requests a rule applies to, and what they cost, in the words of its file. Credentials are counted and not
// shown.
struct RuleTerms {
  std::vector<std::string> methods = {};  // empty: every; so are the next two
  std::vector<std::string> hosts = {};
  std::vector<std::string> paths = {};
  std::vector<std::string> conditions = {};  // "from 10.0.0.0/8", "not GET", "user ann|bob"
  std::vector<std::string> when = {};        // "mon-fri 09:00-18:00 Europe/Berlin"
  std::vector<std::string> cost = {};        // "5 for POST", "1 otherwise"; empty: each request costs 1
  std::string group = {};
  uint64_t by_subject = 0;  // callers with a limit of their own
};

struct RuleReport {
  std::string name;
  std::string mode;   // "enforce", "shadow", "off"
  std::string limit;  // "5 per 1m, sliding_window_log"; "by plan"
  std::string per;    // "ip, route"
  RuleTerms terms = {};
  RuleFigures figures = {};
  uint64_t subjects = 0;
  uint64_t subjects_refused = 0;  // in shadow mode: those that would have been
  // Most refused first, at most kTopSubjects, only those that were refused.
  std::vector<SubjectReport> most_refused = {};
  std::vector<MissingReport> missing = {};
  Unreachable unreachable = Unreachable::kNone;
  bool is_short = false;  // a limit of it is refilled or over within kShortLimit
  TimelineCounts timeline = {};
};

// What one counter had left over time.
struct QuotaReport {
  std::string rule;
  std::string subject;
  QuotaSeries series;
};

// The callers that the rules count, distinguished by what they count by except for the route: an address that two rules
// count is one caller.
struct Callers {
  uint64_t counted = 0;
  uint64_t refused = 0;         // by some enforced rule, at least once
  uint64_t shadow_refused = 0;  // that a rule in shadow mode would have refused
};

// The one address that all requests come from under a set of rules, or one of several that all are trusted proxies:
// rules by ip then do not count callers.
struct ProxyReport {
  enum class Kind : uint8_t {
    kTrusted,  // trusted_proxies names it, and the log does not say on whose behalf it asked
    kPrivate,  // of a private network, or of this machine
    kPublic,
  };
  std::string address;
  Kind kind = Kind::kPublic;
};

// One set of rules over the whole recording.
struct ScenarioReport {
  std::string name;
  Totals totals = {};
  std::vector<RuleReport> rules = {};
  TimelineCounts timeline = {};
  std::vector<QuotaReport> quotas = {};  // only if Options::detail asks for them
  std::optional<Callers> callers = {};   // as above
  std::optional<ProxyReport> proxy = {};
  // Live counters that were dropped or refused for lack of room: above 0 the figures are not exact.
  uint64_t evicted = 0;
};

struct ChangedSubject {
  std::string rule;
  std::string subject;
  uint64_t requests = 0;
};

// From the first scenario to the second.
struct ComparisonReport {
  uint64_t newly_refused = 0;
  uint64_t newly_admitted = 0;
  uint64_t refused_subjects = 0;  // in all; the lists below hold the first kTopSubjects
  uint64_t admitted_subjects = 0;
  std::vector<ChangedSubject> most_newly_refused = {};
  std::vector<ChangedSubject> most_newly_admitted = {};
};

struct Report {
  ReadSummary input = {};
  uint64_t requests = 0;
  uint64_t without_address = 0;
  uint64_t unreadable_requests = 0;
  uint64_t spread_requests = 0;       // over their second, which they shared with others in a log without fractions
  std::optional<Instant> first = {};  // none if no request was read
  std::optional<Instant> last = {};
  TimeGrid grid = {};
  ScenarioReport rules = {};
  std::optional<ScenarioReport> compared = {};
  std::optional<ComparisonReport> changes = {};
};

// Limits that are refilled or over sooner than this depend on when within its second a request came: that error, of
// less than a second, is a tenth or more of them.
inline constexpr Duration kShortLimit = Duration::seconds(10);

// How many subjects a report names: as many as a person might read.
inline constexpr size_t kTopSubjects = 20;

// "1m30s", "250ms", "2d4h": a length of time for people, at most its two largest units, rounded up.
std::string duration_text(Duration duration);
// "1,234,567"
std::string count_text(uint64_t n);
// "2015-05-17 10:05:03", in UTC.
std::string instant_text(Instant instant);

}  // namespace rateguard::simulate
