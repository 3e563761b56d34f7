// Whether two instances have the same rules, without comparing them one by one.
#pragma once

#include <span>
#include <string>

#include "rules/rule.h"

namespace rateguard::config {

// 16 hexadecimal digits that follow from what the rules say and from their order, not from where and how they are
// written: the same on every machine and for as long as rules say no more than they do now.
std::string rules_revision(std::span<const rules::Rule> rules);

}  // namespace rateguard::config
