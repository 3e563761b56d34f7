// What one recording hands over to another, so that requests which threads have read come into one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/ip_address.h"
#include "simulate/event.h"
#include "simulate/huge_pages.h"

namespace rateguard::simulate {

// The tables of distinct texts that a recording has, by which its events are numbered.
enum class TextKind : uint8_t { kClient, kMethod, kPath, kAttributes };
inline constexpr size_t kTextKinds = 4;

// What was added to a recording since it last handed something over. Its views live as long as that recording.
struct RecordingPart {
  HugePageVector<Event> events = {};                                 // numbered as there
  std::array<std::vector<std::string_view>, kTextKinds> texts = {};  // that it had not seen before, in that order
  std::vector<std::optional<IpAddress>> addresses = {};              // of the clients among them
  uint64_t without_address = 0;
  uint64_t unreadable_requests = 0;
  bool has_fractions = false;
};

// The numbers here that the texts of one other recording have, all of whose parts are appended, in their order.
using AppendedTexts = std::array<std::vector<uint32_t>, kTextKinds>;

}  // namespace rateguard::simulate
