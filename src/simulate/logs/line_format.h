// The layout of a log's lines, as the server's own configuration writes it down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulate/logs/column_map.h"
#include "simulate/logs/time_pattern.h"

namespace rateguard::simulate {

enum class FieldUse : uint8_t {
  kNothing,
  kField,          // `kind` says which
  kClientAndPort,  // "203.0.113.9:4711", an IPv6 address without brackets included
  kHeader,         // `header` names it
  kTimePiece,      // `pattern` says how it is written; all pieces of a line make one time
};

// One field, and the text that stands before it.
struct FormatField {
  std::string before = {};
  std::string name = {};  // as the configuration calls it: "$remote_addr", "%h"
  FieldUse use = FieldUse::kNothing;
  FieldKind kind = FieldKind::kTime;
  std::string header = {};  // in lower case
  std::optional<TimePattern> pattern = {};
  int rank = 0;  // among the fields of one kind, of which the one with the smallest is used
};

// How values are escaped that contain their own terminator.
enum class ValueEscapes : uint8_t {
  kBackslash,  // \xHH and \" : nginx's default, Apache
  kJson,       // nginx's escape=json
  kNone,       // nginx's escape=none, Envoy
};

struct LineFormat {
  std::vector<FormatField> fields = {};
  std::string after = {};  // behind the last field
  ValueEscapes escapes = ValueEscapes::kBackslash;
};

// Takes a format as it stands in a configuration: nginx's `log_format main '$remote_addr ...' '...';` or what stands in
// its quotes; Apache's `LogFormat "%h ..." name` or what stands in its quotes; Envoy's `[%START_TIME%] ...`. Errors:
// kInvalid, naming the letter or variable: two fields with nothing between them, a time that cannot be read, no time,
// no address.
Result<LineFormat> compile_line_format(std::string_view text);

// The variable of nginx that is used and from which `name`, which is not, differs by one letter: "$remote_addr" of
// "$remote_adr". Empty: none.
std::string near_nginx_variable(std::string_view name);

// The three syntaxes, without the check for missing fields; `text` is the text inside the quotes.
Result<LineFormat> compile_nginx_format(std::string_view text);
Result<LineFormat> compile_apache_format(std::string_view text);
Result<LineFormat> compile_envoy_format(std::string_view text);

}  // namespace rateguard::simulate
