// Reads a rule's `when`: the times at which it applies.
#pragma once

#include <vector>

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/schedule.h"

namespace rateguard::config {

// Reads a map of days, hours and zone, or a list of such maps. Reports errors to `problems`.
void read_schedule(const YamlNode& node, std::vector<rules::WeeklySpan>& spans, Problems& problems);

}  // namespace rateguard::config
