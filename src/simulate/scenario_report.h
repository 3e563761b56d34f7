// Turns what the observers of a replay counted into a report: names for numbers, the most refused first.
#pragma once

#include <string>
#include <vector>

#include "simulate/comparison.h"
#include "simulate/report.h"
#include "simulate/scenario.h"

namespace rateguard::simulate {

ScenarioReport scenario_report(const Scenario& scenario, const Statistics& statistics, const Timeline& timeline);

// The counters whose remaining quota is worth a plot: of every rule the most refused, or else the busiest.
std::vector<std::string> keys_to_plot(const Scenario& scenario, const Statistics& statistics);
std::vector<QuotaReport> quota_reports(const Scenario& scenario, const Statistics& statistics,
                                       const QuotaObserver& quotas);

ComparisonReport comparison_report(const Scenario& before, const Statistics& before_statistics, const Scenario& after,
                                   const Statistics& after_statistics, const Changes& changes);

}  // namespace rateguard::simulate
