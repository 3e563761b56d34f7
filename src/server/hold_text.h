// A hold of a concurrency limit as callers see it: 40 hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

#include "model/decision.h"

namespace rateguard::server {

void append_hold(std::string& out, const HoldId& hold);
// The inverse; false if `text` is not a hold.
bool parse_hold(std::string_view text, HoldId& hold);

}  // namespace rateguard::server
