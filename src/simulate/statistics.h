// Counts what a replay decides: in total, and per rule and subject.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simulate/replay.h"
#include "simulate/subject_table.h"

namespace rateguard::simulate {

// One rule's figures. requests = admitted + refused + refused_by_others.
struct RuleFigures {
  uint64_t requests = 0;           // that the rule applied to
  uint64_t admitted = 0;           // by the whole answer
  uint64_t refused = 0;            // by this rule's own verdict; 0 for a shadow rule, which changes no answer
  uint64_t refused_by_others = 0;  // though this rule would have let them pass, or is a shadow rule
  uint64_t shadow_refused = 0;     // this rule, in shadow mode, would have refused
  // Of `refused`, in shadow mode of `shadow_refused`: the request lacked what the rule counts by.
  uint64_t refused_for_missing = 0;
  uint64_t skipped_for_missing = 0;  // not in `requests`: the request lacked it, and the rule lets such pass uncounted
  uint64_t refused_for_ever = 0;     // own verdicts on a cost above the limit, for which no wait helps
  uint64_t cost_admitted = 0;        // units of the admitted requests
  Duration longest_wait = {};        // the longest retry_after of its own refusals, those for ever aside
};

// How many requests lacked one of the things that a rule counts by.
struct MissingPart {
  std::string_view part = {};  // "api_key"; lives as long as the rule set
  rules::Missing effect = rules::Missing::kReject;
  uint64_t requests = 0;
};

struct Totals {
  uint64_t requests = 0;
  uint64_t admitted = 0;
  uint64_t refused = 0;
  uint64_t unlimited = 0;  // of `admitted`: no enforced rule applied
};

// How one rule took part in one decision.
struct Verdicts {
  // Of the rule, against the answer.
  enum class Share : uint8_t { kAdmitted, kRefused, kRefusedByOthers };

  static Share share_of(const Outcome& outcome, const Outcome::Judged& judged) {
    if (outcome.allowed()) return Share::kAdmitted;
    return judged.mode == Mode::kEnforce && !judged.decision.allowed() ? Share::kRefused : Share::kRefusedByOthers;
  }
  static bool is_shadow_refusal(const Outcome::Judged& judged) {
    return judged.mode == Mode::kShadow && !judged.decision.allowed();
  }
};

// Whether a replay's answers are kept one by one, for a comparison: 4 bytes an event.
enum class KeepAnswers : uint8_t { kNo, kYes };

// Counts behind the decisions: the figures of a subject are fetched from memory while the next few events are decided.
// Figures of subjects and answers are complete after finish().
class Statistics : public ReplayObserver {
 public:
  // `rules` are the policy's, and outlive this.
  Statistics(std::span<const rules::Rule> rules, KeepAnswers keep);

  void before(size_t, const Event&, Store&) override {}
  void decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) override;
  void finish();

  const Totals& totals() const { return totals_; }
  const std::vector<RuleFigures>& figures() const { return figures_; }
  // What requests lacked of what a rule counts by, in the order in which it was first met.
  const std::vector<MissingPart>& missing_parts(rules::RuleId rule) const { return missing_parts_[rule]; }
  // The counters that a rule charged.
  const SubjectTable& counters(rules::RuleId rule) const { return counters_[rule]; }
  // What a subject stands for: a rule's counter or, if there is none, the requests that lacked something, which
  // SubjectNames::missing_name() names. REQUIRES: a subject with that number exists.
  struct Subject {
    std::optional<rules::RuleId> rule = {};
    SubjectFigures figures = {};
  };
  Subject subject(SubjectId id) const;
  // The subject as which each event was refused: that of the deciding rule, or the one for requests that lack
  // something; kNoSubject if it was admitted. Empty unless kept.
  const std::vector<SubjectId>& answers() const { return answers_; }

 private:
  // What one event does to one subject.
  struct Touch {
    KeyedHash hash = {};
    SubjectTable* table = nullptr;
    uint32_t event = 0;
    uint64_t cost_admitted = 0;
    bool is_request = false;  // else it is counted elsewhere
    bool refused = false;
    bool refused_as = false;  // the whole event, for this subject
  };
  // The most touches that wait: enough to hide a fetch behind, few enough to stay in the first-level cache.
  static constexpr size_t kWaitingMax = 64;

  // A request that a rule exempts from all others.
  void count_exempted(const Event& event, rules::RuleId by);
  void count_rule(uint64_t cost, const Outcome& outcome, const Outcome::Judged& judged);
  void count_uncounted(const Event& event, const Outcome& outcome, const rules::UncountedRule& uncounted);
  void count_missing_part(const rules::UncountedRule& uncounted);
  void touch_missing(size_t index, const Outcome& outcome);
  Touch& add_touch(SubjectTable& table, std::string_view key, size_t index);
  void apply_oldest();

  std::span<const rules::Rule> rules_;
  KeepAnswers keep_;
  Totals totals_;
  std::vector<RuleFigures> figures_;
  std::vector<std::vector<MissingPart>> missing_parts_;  // by rule
  std::vector<SubjectTable> counters_;  // by rule, so that one with few finds them in the cache whatever others have
  SubjectTable missing_;                // what stands for the requests that lack what a rule counts by
  SubjectId subjects_ = 0;
  std::vector<SubjectId> answers_;
  std::array<Touch, kWaitingMax> waiting_;
  size_t added_ = 0;    // touches ever
  size_t applied_ = 0;  // touches ever
  std::string missing_key_;
};

}  // namespace rateguard::simulate
