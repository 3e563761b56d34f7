// What names a charge that is to be settled.
#pragma once

#include <array>
#include <optional>

namespace rateguard::server {

// No other charge of any process has it. None: the system gives no random bits. Any thread.
std::optional<std::array<char, 16>> next_charge_id();

}  // namespace rateguard::server
