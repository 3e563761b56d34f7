#include "simulate/simulate.h"

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "simulate/comparison.h"
#include "simulate/scenario_report.h"
#include "store/memory/memory_store.h"

namespace rateguard::simulate {
namespace {

// More counters than this would not fit the memory that the recording leaves; what is then evicted is reported.
constexpr uint64_t kKeysMax = 100'000'000;
// Of window logs: 8 bytes or so for a request that is still in its window; as much as the recording itself may take.
constexpr uint64_t kLogBytesMax = uint64_t{8} << 30;
constexpr size_t kPiecesMax = 160;  // of a plot: bars wide enough to point at

// Room for every counter that the replay can make, so that none is evicted.
std::unique_ptr<Store> make_store(const Recording& recording, const Scenario& scenario) {
  const uint64_t most =
      uint64_t{recording.events().size()} * std::max<uint64_t>(scenario.policy.rules->rules().size(), 1);
  auto store =
      MemoryStore::create({.max_keys = std::clamp<uint64_t>(most, 1024, kKeysMax), .log_bytes_max = kLogBytesMax});
  RG_CHECK(store.has_value());
  return std::move(*store);
}

// A replay with all that watches it.
struct Pass {
  Statistics statistics;
  Timeline timeline;
  StoreStats store = {};
};

std::unique_ptr<Pass> replay_once(const Recording& recording, const Scenario& scenario, const TimeGrid& grid,
                                  KeepAnswers keep, const ProgressCallback& progress) {
  const auto rules = scenario.policy.rules->rules();
  auto pass = std::make_unique<Pass>(Statistics(rules, keep), Timeline(grid, rules));
  const auto store = make_store(recording, scenario);
  ReplayObserver* const observers[] = {&pass->statistics, &pass->timeline};
  replay(recording, scenario.policy, *store, progress, observers);
  pass->statistics.finish();
  pass->store = store->stats();
  return pass;
}

ScenarioReport report_on(const Recording& recording, const Scenario& scenario, const Pass& pass, Detail detail,
                         const ProgressCallback& progress) {
  SubjectNames names(recording, scenario);
  ScenarioReport report = scenario_report(scenario, recording, pass.statistics, pass.timeline, names);
  report.evicted = pass.store.evicted + pass.store.refused_full;
  if (detail >= Detail::kCallers) report.callers = callers_of(scenario, pass.statistics, names);
  if (detail < Detail::kPlots || recording.events().empty()) return report;
  const auto store = make_store(recording, scenario);
  QuotaObserver quotas(keys_to_plot(scenario, pass.statistics, names));
  ReplayObserver* const observers[] = {&quotas};
  replay(recording, scenario.policy, *store, progress, observers);
  quotas.finish(*store);
  report.quotas = quota_reports(scenario, pass.statistics, quotas);
  return report;
}

}  // namespace

Report simulate(Recording& recording, const Scenario& rules, const Scenario* compared, Detail detail,
                const ProgressCallback& progress) {
  recording.sort();
  Report report;
  report.requests = recording.events().size();
  report.without_address = recording.without_address();
  report.unreadable_requests = recording.unreadable_requests();
  report.spread_requests = recording.spread_requests();
  if (report.requests > 0) {
    report.first = recording.first();
    report.last = recording.last();
    report.grid = TimeGrid::over(recording.first(), recording.last(), kPiecesMax);
  }
  const KeepAnswers keep = compared != nullptr ? KeepAnswers::kYes : KeepAnswers::kNo;
  const auto before = replay_once(recording, rules, report.grid, keep, progress);
  report.rules = report_on(recording, rules, *before, detail, progress);
  if (compared == nullptr) return report;
  const auto after = replay_once(recording, *compared, report.grid, keep, progress);
  report.compared = report_on(recording, *compared, *after, detail, progress);
  SubjectNames names_before(recording, rules);
  SubjectNames names_after(recording, *compared);
  report.changes =
      comparison_report({rules, before->statistics, names_before}, {*compared, after->statistics, names_after},
                        compare(before->statistics.answers(), after->statistics.answers()));
  return report;
}

Result<Report> run(const SimulationOptions& options, const ProgressCallback& progress) {
  if (options.logs.empty()) return invalid("no log was named; - is standard input");
  auto rules = Scenario::load(options.rules);
  if (!rules) return std::unexpected(rules.error());
  std::optional<Scenario> compared;
  ReadOptions read = options.read;
  read.wanted_headers = rules->wanted_headers();
  if (!options.compare.empty()) {
    auto other = Scenario::load(options.compare);
    if (!other) return std::unexpected(other.error());
    compared = std::move(*other);
    for (std::string& name : compared->wanted_headers()) read.wanted_headers.push_back(std::move(name));
  }
  Recording recording;
  auto input = read_logs(options.logs, read, progress, recording);
  if (!input) return std::unexpected(input.error());
  Report report = simulate(recording, *rules, compared ? &*compared : nullptr, options.detail, progress);
  report.input = std::move(*input);
  return report;
}

}  // namespace rateguard::simulate
