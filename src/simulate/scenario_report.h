// Turns what the observers of a replay counted into a report: names for numbers, the most refused first.
#pragma once

#include <string>
#include <vector>

#include "simulate/comparison.h"
#include "simulate/report.h"
#include "simulate/scenario.h"
#include "simulate/subject_names.h"

namespace rateguard::simulate {

// Everywhere below, the statistics, the timeline and `names` are of the same replay of `recording`.
ScenarioReport scenario_report(const Scenario& scenario, const Recording& recording, const Statistics& statistics,
                               const Timeline& timeline, SubjectNames& names);

Callers callers_of(const Scenario& scenario, const Statistics& statistics, SubjectNames& names);

// The counters whose remaining quota is worth a plot: of every rule the most refused, or else the busiest.
std::vector<std::string> keys_to_plot(const Scenario& scenario, const Statistics& statistics, SubjectNames& names);
std::vector<QuotaReport> quota_reports(const Scenario& scenario, const Statistics& statistics,
                                       const QuotaObserver& quotas);

// One side of a comparison.
struct Compared {
  const Scenario& scenario;
  const Statistics& statistics;
  SubjectNames& names;
};
ComparisonReport comparison_report(const Compared& before, const Compared& after, const Changes& changes);

}  // namespace rateguard::simulate
