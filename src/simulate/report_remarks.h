// What one should know before believing a report's figures, in sentences: the same on the terminal, in the JSON and on
// the page.
#pragma once

#include <string>
#include <vector>

#include "simulate/report.h"

namespace rateguard::simulate {

// Logs that are empty, could not be read, or not to their end. Safe to print.
std::vector<std::string> log_remarks(const ReadSummary& input);
// Columns that --columns names and no line has, and those that exist instead. Safe to print.
std::vector<std::string> column_remarks(const ReadSummary& input);
// About what was read: logs that are empty or ended early, unusual requests. Safe to print.
std::vector<std::string> input_remarks(const Report& report);
// About one set of rules (`report.rules` or `report.compared`): rules whose figures result from something that the log
// lacks.
std::vector<std::string> scenario_remarks(const Report& report, const ScenarioReport& scenario);

}  // namespace rateguard::simulate
