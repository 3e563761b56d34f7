// Which header fields an answer over HTTP tells its limits in: docs/http.md.
#pragma once

#include <cstdint>

namespace rateguard {

enum class HeaderStyle : uint8_t { kIetf, kDraft7, kDraft6, kDraft03, kLegacy, kOff };

}  // namespace rateguard
