// The interface of parsers for formats with one record a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/log_entry.h"

namespace rateguard::simulate {

// One field of a line as a parser saw it, for people who ask how their log is read.
struct NotedField {
  std::string from = {};  // as the format calls it: "$remote_addr", "cs-method", "member request.uri"
  std::string text = {};  // as it stands in the line
  std::string use = {};   // "ip", "time", "header User-Agent", ...; empty: it is not used
};

// Not thread-safe.
class LineParser {
 public:
  LineParser() = default;
  LineParser(const LineParser&) = delete;
  LineParser& operator=(const LineParser&) = delete;
  virtual ~LineParser() = default;

  // `out` is borrowed from the line and from this parser, until the next call.
  virtual Parsed parse(std::string_view line, LogEntry& out) = 0;

  // Whether every line can be read without those before it.
  virtual bool lines_stand_alone() const { return true; }

  // From here on every call of parse() also appends its fields to `notes`. Null to stop.
  virtual void note_fields(std::vector<NotedField>* notes) { notes_ = notes; }

  // The names given by --columns that no line has had so far.
  virtual std::vector<std::string> names_never_found() const { return {}; }

 protected:
  bool noting() const { return notes_ != nullptr; }
  void note(std::string_view from, std::string_view text, std::string_view use) {
    if (notes_ != nullptr) {
      notes_->push_back({.from = std::string(from), .text = std::string(text), .use = std::string(use)});
    }
  }

 private:
  std::vector<NotedField>* notes_ = nullptr;
};

// The header fields that the rules may use: the others are not worth keeping.
class WantedHeaders {
 public:
  // Names in lower case.
  explicit WantedHeaders(std::vector<std::string> names) : names_(std::move(names)) {}

  // Ignores the case of `name`.
  bool contains(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace rateguard::simulate
