// A charge that is to be settled as callers see it: 112 hexadecimal digits. It says what was taken and when, not from
// whom: a settlement names the counter as the check did. A signature (HMAC, RFC 2104, with SHA-256, cut to 128 bits)
// covers both, so that nobody can make or alter a charge, nor settle one under another key
// (docs/decisions/0031-settling-over-http.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/charge_secrets.h"
#include "store/settlement.h"

namespace rateguard::server {

inline constexpr size_t kChargeTextSize = 112;

// Whether it has the form of a charge, ours or not.
bool is_charge_text(std::string_view text);

// `counter` is the key of the counter that was charged, `secret` that of the counter's store.
void append_charge(std::string& out, const ChargeReceipt& receipt, std::string_view counter,
                   const ChargeSecret& secret);

enum class ChargeText : uint8_t {
  kRead,
  kMalformed,
  kNotSigned,  // altered, of another counter, or signed by another secret
};
// The inverse. `receipt` is filled in where it is kRead.
ChargeText parse_charge(std::string_view text, std::string_view counter, const ChargeSecret& secret,
                        ChargeReceipt& receipt);

}  // namespace rateguard::server
