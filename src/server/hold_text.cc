#include "server/hold_text.h"

#include "model/hex.h"

namespace rateguard::server {

void append_hold(std::string& out, const HoldId& hold) {
  append_hex(out, hold.bytes);
}

bool parse_hold(std::string_view text, HoldId& hold) {
  return parse_hex(text, hold.bytes);
}

}  // namespace rateguard::server
