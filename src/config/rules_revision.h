// Tells whether two instances have the same rules, without comparing them one by one.
#pragma once

#include <span>
#include <string>

#include "rules/rule.h"

namespace rateguard::config {

// 16 hexadecimal digits that depend on the content and the order of the rules, not on how and where they are written.
// They are the same on every machine, and in every version until rules get new fields.
std::string rules_revision(std::span<const rules::Rule> rules);

}  // namespace rateguard::config
