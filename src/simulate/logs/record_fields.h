// Puts a record's fields, by kind, into an entry: shared by all formats with named fields.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/column_map.h"
#include "simulate/logs/log_entry.h"
#include "simulate/logs/log_time.h"

namespace rateguard::simulate {

// Puts the fields of one record after the other into an entry. Not thread-safe.
class EntryFields {
 public:
  // Begins a new entry, which is borrowed until the next call of begin().
  void begin(LogEntry& entry);
  // Stores the text of one field other than the cost; a text that means "none" (is_none) is ignored. `text` is borrowed
  // as long as the entry. Errors say what was expected.
  Parsed set(FieldKind kind, std::string_view text);
  // A header field that the rules may look at; "-" and an empty one are ignored.
  void add_header(std::string_view name, std::string_view value);
  // After the last field: sets method and path from a request line if they had no fields of their own, and the headers.
  void end();

 private:
  Parsed set_time(std::string_view text);

  LogEntry* entry_ = nullptr;
  TimestampParser time_;
  std::string_view request_;
  std::vector<Header> headers_;
};

// A time that an entry may have; the error says what was expected.
std::expected<Instant, std::string> checked_time(std::optional<Instant> time);

}  // namespace rateguard::simulate
