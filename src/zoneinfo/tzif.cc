#include "zoneinfo/tzif.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace rateguard::zoneinfo {
namespace {

constexpr size_t kHeaderBytes = 44;
constexpr size_t kTypeBytes = 6;           // of a local time type record
constexpr int32_t kOffsetMin_s = -89'999;  // RFC 9636, section 3.2: more than -25 h ...
constexpr int32_t kOffsetMax_s = 93'599;   // ... and less than 26 h

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::kCorrupt, std::string(what));
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

struct TzifHeader {
  char version = 0;
  uint32_t ut_flags = 0;
  uint32_t standard_flags = 0;
  uint32_t leaps = 0;
  uint32_t times = 0;
  uint32_t types = 0;
  uint32_t name_bytes = 0;

  // The size of the data that follow, with instants of `time_bytes`. At most 2^37.
  uint64_t data_bytes(uint64_t time_bytes) const {
    return uint64_t{times} * (time_bytes + 1) + uint64_t{types} * kTypeBytes + name_bytes +
           uint64_t{leaps} * (time_bytes + 4) + standard_flags + ut_flags;
  }
};

std::optional<TzifHeader> take_header(std::string_view& bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif")) return std::nullopt;
  TzifHeader header;
  header.version = bytes[4];
  size_t at = 20;
  for (uint32_t* count :
       {&header.ut_flags, &header.standard_flags, &header.leaps, &header.times, &header.types, &header.name_bytes}) {
    *count = static_cast<uint32_t>(big_endian(bytes.substr(at, 4)));
    at += 4;
  }
  bytes.remove_prefix(kHeaderBytes);
  return header;
}

std::string_view take(std::string_view& bytes, size_t n) {
  const std::string_view taken = bytes.substr(0, n);
  bytes.remove_prefix(n);
  return taken;
}

// What is wrong with a header's counts; empty if nothing is.
std::string_view fault_of(const TzifHeader& header) {
  if (header.types == 0) return "it has no local time";
  if (header.name_bytes == 0) return "it has no designations";
  if (header.ut_flags != 0 && header.ut_flags != header.types) return "it has a bad number of UT indicators";
  if (header.standard_flags != 0 && header.standard_flags != header.types) {
    return "it has a bad number of standard time indicators";
  }
  if (header.leaps != 0) return "it counts leap seconds, as the files below right/ do";
  return {};
}

Result<std::vector<int32_t>> read_offsets(std::string_view types, std::string_view names) {
  std::vector<int32_t> offsets;
  if (!names.ends_with('\0')) return damaged("its designations have no end");
  while (!types.empty()) {
    const std::string_view type = take(types, kTypeBytes);
    const auto offset_s = static_cast<int32_t>(static_cast<uint32_t>(big_endian(type.substr(0, 4))));
    if (offset_s < kOffsetMin_s || offset_s > kOffsetMax_s) {
      return damaged(fmt::format("it has an offset of {} s from UTC", offset_s));
    }
    if (static_cast<uint8_t>(type[4]) > 1) return damaged("it has a bad summer time indicator");
    if (static_cast<uint8_t>(type[5]) >= names.size()) return damaged("it has a local time without a designation");
    offsets.push_back(offset_s);
  }
  return offsets;
}

Result<std::vector<ZoneRules::Change>> read_changes(std::string_view times, std::string_view kinds,
                                                    const std::vector<int32_t>& offsets) {
  std::vector<ZoneRules::Change> changes;
  for (const char kind : kinds) {
    const auto at_s = static_cast<int64_t>(big_endian(take(times, 8)));
    if (!changes.empty() && changes.back().at_s >= at_s) return damaged("its changes are not in ascending order");
    if (static_cast<uint8_t>(kind) >= offsets.size()) return damaged("it changes to a local time that it lacks");
    changes.push_back({at_s, offsets[static_cast<uint8_t>(kind)]});
  }
  return changes;
}

// Indicators say how zic's input was written. Nothing here depends on them, but a file in which they are neither 0 nor
// 1 was not written by zic.
bool are_indicators(std::string_view bytes) {
  return bytes.find_first_not_of(std::string_view("\0\1", 2)) == std::string_view::npos;
}

}  // namespace

Result<ZoneRules> read_tzif(std::string_view bytes) {
  if (bytes.size() > kTzifBytesMax) return damaged(fmt::format("it has more than {} bytes", kTzifBytesMax));
  const auto first = take_header(bytes);
  if (!first) return damaged("it does not begin as a TZif file does");
  if (first->version == '\0') return damaged("it is of version 1, which ends in 2037; version 2 to 4 is read");
  if (first->version < '2' || first->version > '4') return damaged("it is of an unknown version; 2 to 4 is read");
  if (first->data_bytes(4) > bytes.size()) return damaged("it ends too early");
  bytes.remove_prefix(first->data_bytes(4));  // 32-bit instants, for readers of version 1

  const auto header = take_header(bytes);
  if (!header || header->version != first->version) return damaged("its second header is damaged");
  if (const std::string_view fault = fault_of(*header); !fault.empty()) return damaged(fault);
  if (header->data_bytes(8) > bytes.size()) return damaged("it ends too early");
  const std::string_view times = take(bytes, size_t{header->times} * 8);
  const std::string_view kinds = take(bytes, header->times);
  const std::string_view types = take(bytes, size_t{header->types} * kTypeBytes);
  const std::string_view names = take(bytes, header->name_bytes);
  if (!are_indicators(take(bytes, size_t{header->standard_flags} + header->ut_flags))) {
    return damaged("it has a bad indicator");
  }

  const auto offsets = read_offsets(types, names);
  if (!offsets) return std::unexpected(offsets.error());
  auto changes = read_changes(times, kinds, *offsets);
  if (!changes) return std::unexpected(changes.error());

  if (bytes.size() < 2 || bytes.front() != '\n' || bytes.find('\n', 1) != bytes.size() - 1) {
    return damaged("its footer is not a line");
  }
  const std::string_view rule = bytes.substr(1, bytes.size() - 2);
  if (rule.empty()) return ZoneRules(offsets->front(), *std::move(changes), nullptr);
  const auto footer = parse_posix_time_zone(rule);
  if (!footer) return std::unexpected(footer.error());
  return ZoneRules(offsets->front(), *std::move(changes), &*footer);
}

}  // namespace rateguard::zoneinfo
