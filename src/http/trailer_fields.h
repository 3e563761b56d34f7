// Which fields may follow a message's content (RFC 9110, section 6.5.1), in every version of HTTP.
#pragma once

#include <cstdint>
#include <string_view>

namespace rateguard::http {

enum class TrailerUse : uint8_t {
  kGiven,    // to the recipient, apart from the head's fields
  kDropped,  // it belongs in the head: it says who asks, how to process the content, or how to answer
  kRefused,  // it says where a message ends or whose it is, which two recipients might then read differently
};

// What a recipient does with a trailer field of that name, which may be in any case.
TrailerUse trailer_use(std::string_view name);

}  // namespace rateguard::http
