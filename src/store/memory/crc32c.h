// CRC-32C (Castagnoli; RFC 3720, section 12.1): finds accidental damage in stored data. It does not defend against
// forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rateguard::memory {

// Continues `crc` (0 at the start) over more bytes.
uint32_t crc32c(uint32_t crc, std::span<const char> bytes);

}  // namespace rateguard::memory
