// The revisions that an instance has applied, as text: "17@1700000000000000 18@1700000000100000".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/instance_report.h"

namespace rateguard::catalog {

// The latest InstanceReport::kAppliedMax of them.
std::string text_of_applied(const std::vector<AppliedRevision>& applied);
// False: the text is another.
bool parse_applied(std::string_view text, std::vector<AppliedRevision>& out);

}  // namespace rateguard::catalog
