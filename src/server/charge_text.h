// A charge that is to be settled as callers see it: 88 hexadecimal digits. It says what was taken and when, not from
// whom: whoever settles names the counter as the check did, and a few bits of its key catch a mix-up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/settlement.h"

namespace rateguard::server {

// `counter` is the key of the counter that was charged.
void append_charge(std::string& out, const ChargeReceipt& receipt, std::string_view counter);

enum class ChargeText : uint8_t { kRead, kMalformed, kOfAnotherCounter };
// The inverse. `receipt` is filled in where it is kRead.
ChargeText parse_charge(std::string_view text, std::string_view counter, ChargeReceipt& receipt);

}  // namespace rateguard::server
