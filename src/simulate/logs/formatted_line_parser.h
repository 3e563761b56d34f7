// Lines of a layout that is known: from --log-format, or of servers whose default layout is not a combined log.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/line_format.h"
#include "simulate/logs/line_parser.h"
#include "simulate/logs/record_fields.h"

namespace rateguard::simulate {

// Text after the last field is ignored, so that a format may end after the last field that is needed.
class FormattedLineParser final : public LineParser {
 public:
  // REQUIRES: compile_line_format() made the format. Header fields are kept as far as `wanted` names them.
  FormattedLineParser(LineFormat format, const WantedHeaders& wanted);

  Parsed parse(std::string_view line, LogEntry& out) override;

 private:
  // How the end of a field is found.
  enum class End : uint8_t {
    kText,        // at the next text that follows it
    kSpace,       // at the next space, where that text has to follow
    kTime,        // like kText, but a time may hold a space of its own
    kQuote,       // at the next quote that is not escaped
    kBeforeTime,  // at the last text after it that a time follows: a user name may hold anything
    kWord,        // the last field, at a space
    kLine,        // the last field, at the end of the line; addresses also where their list ends
  };
  struct Step {
    FormatField field;
    End end = End::kText;
    std::string next;          // what stands behind it
    bool begins_here = false;  // field.before is known to stand there: it ended the field before
    size_t words = 0;          // how many fields from this one on are single words that nobody wants
  };

  End end_of(size_t index, ValueEscapes escapes) const;
  bool begins_where_found(size_t index) const;
  bool is_unwanted_word(size_t index) const;
  size_t find_end(size_t index, std::string_view rest) const;
  size_t find_end_of_unwanted(size_t index, std::string_view rest) const;
  size_t find_end_before_time(const Step& step, const Step& time, std::string_view rest) const;
  Parsed use(const Step& step, std::string_view text);
  std::string_view unescaped(std::string_view text);

  ValueEscapes escapes_;
  std::vector<Step> steps_;
  EntryFields fields_;
  bool has_pieces_ = false;
  bool has_connections_ = false;  // whether lines may be about connections without a request, as Envoy's are
  bool has_time_ = false;         // in one field, which takes precedence over pieces
  TimeParts parts_;
  std::deque<std::string> texts_;  // of values with escapes; a deque, so that views stay
};

}  // namespace rateguard::simulate
