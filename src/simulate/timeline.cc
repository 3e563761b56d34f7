#include "simulate/timeline.h"

#include "simulate/statistics.h"

namespace rateguard::simulate {
namespace {

TimelineCounts empty_counts(size_t pieces) {
  const std::vector<uint64_t> zeros(pieces);
  return {.admitted = zeros, .refused = zeros, .refused_by_others = zeros, .shadow_refused = zeros};
}

}  // namespace

TimeGrid TimeGrid::over(Instant first, Instant last, size_t pieces_max) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  constexpr int64_t kSteps[] = {1,        2,           5,           10,           15,           30,
                                kMinute,  2 * kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute,
                                kHour,    2 * kHour,   3 * kHour,   6 * kHour,    12 * kHour,   kDay,
                                2 * kDay, 7 * kDay,    14 * kDay,   28 * kDay,    91 * kDay,    364 * kDay};
  TimeGrid grid;
  for (const int64_t step_s : kSteps) {
    grid.step = Duration::seconds(step_s);
    grid.begin = Instant{first.us - first.us % grid.step.us};
    grid.pieces = static_cast<size_t>((last - grid.begin).us / grid.step.us) + 1;
    if (grid.pieces <= pieces_max) break;
  }
  return grid;  // 364-day steps cover every time that the limiter can decide at in fewer than 80 pieces
}

Timeline::Timeline(const TimeGrid& grid, std::span<const rules::Rule> rules)
    : grid_(grid), total_(empty_counts(grid.pieces)), rules_(rules.size(), empty_counts(grid.pieces)) {
  for (const rules::Rule& rule : rules) modes_.push_back(rule.mode);
}

void Timeline::decided(size_t, const Event& event, const rules::Matches& matches, const Outcome& outcome) {
  while (Instant{event.time_us} >= grid_.end_of(piece_) && piece_ + 1 < grid_.pieces) ++piece_;
  ++(outcome.allowed() ? total_.admitted : total_.refused)[piece_];
  for (const Outcome::Judged& judged : outcome.judged) {
    TimelineCounts& rule = rules_[judged.rule];
    switch (Verdicts::share_of(outcome, judged)) {
      case Verdicts::Share::kAdmitted:
        ++rule.admitted[piece_];
        break;
      case Verdicts::Share::kRefused:
        ++rule.refused[piece_];
        break;
      case Verdicts::Share::kRefusedByOthers:
        ++rule.refused_by_others[piece_];
        break;
    }
    rule.shadow_refused[piece_] += Verdicts::is_shadow_refusal(judged);
  }
  for (const rules::UncountedRule& uncounted : matches.uncounted()) count_uncounted(uncounted, outcome);
}

void Timeline::count_uncounted(const rules::UncountedRule& uncounted, const Outcome& outcome) {
  if (uncounted.effect == rules::Missing::kSkip) return;
  TimelineCounts& rule = rules_[uncounted.rule];
  if (modes_[uncounted.rule] == rules::RuleMode::kEnforce) {
    ++rule.refused[piece_];
    return;
  }
  ++rule.shadow_refused[piece_];
  ++(outcome.allowed() ? rule.admitted : rule.refused_by_others)[piece_];
}

}  // namespace rateguard::simulate
