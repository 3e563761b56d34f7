// The wrappers that log collectors put around a program's lines.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/line_parser.h"

namespace rateguard::simulate {

enum class Envelope : uint8_t {
  kDockerJson,  // {"log":"...\n","stream":"stdout","time":"..."}: Docker's json-file driver
  kCri,         // 2016-10-06T00:17:09.669794202Z stdout F ...: Kubernetes' container runtimes
  kSyslog,      // <34>Oct 11 22:14:15 host tag[12]: ... (RFC 3164), <34>1 2003-10-11T22:14:15Z host app 12 - - ...
                // (RFC 5424), 2003-10-11T22:14:15.003+02:00 host tag: ... (rsyslog)
  kCompose,     // web-1  | ...: docker compose logs
};
inline constexpr std::array<Envelope, 4> kEnvelopes = {Envelope::kDockerJson, Envelope::kCri, Envelope::kSyslog,
                                                       Envelope::kCompose};

// "Docker json-file", ...: for people.
std::string_view to_string(Envelope envelope);

// What one line has in its envelope.
struct Enveloped {
  std::string_view text = {};
  bool goes_on = false;  // the program's line was cut here, and goes on in the next one of its stream
  uint8_t stream = 0;    // lines of different streams may come between
};

// Takes lines out of one kind of envelope. Not thread-safe.
class Unwrapper {
 public:
  explicit Unwrapper(Envelope envelope) : envelope_(envelope) {}

  // Borrowed from the line and from this object, until the next call. nullopt if the line has no such envelope.
  std::optional<Enveloped> unwrap(std::string_view line);
  Envelope envelope() const { return envelope_; }

 private:
  std::optional<Enveloped> unwrap_docker(std::string_view line);

  Envelope envelope_;
  std::string unescaped_;
};

// The envelopes that most of `lines` have, the outermost first; `lines` becomes their contents. If most lines have one,
// lines without are dropped.
std::vector<Envelope> take_envelopes(std::vector<std::string>& lines);

// Reads lines in envelopes with the parser for their contents. Split lines are joined again.
class EnvelopedParser final : public LineParser {
 public:
  EnvelopedParser(std::span<const Envelope> envelopes, std::unique_ptr<LineParser> inner);

  Parsed parse(std::string_view line, LogEntry& out) override;
  bool lines_stand_alone() const override { return false; }  // one may go on in the next
  void note_fields(std::vector<NotedField>* notes) override;
  std::vector<std::string> names_never_found() const override { return inner_->names_never_found(); }

 private:
  static constexpr size_t kStreams = 2;

  std::vector<Unwrapper> unwrappers_;
  std::unique_ptr<LineParser> inner_;
  std::array<std::string, kStreams> parts_;  // of the lines that go on
  std::string whole_;
};

}  // namespace rateguard::simulate
