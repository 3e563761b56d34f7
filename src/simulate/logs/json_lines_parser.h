// JSON lines (jsonlines.org): one object a line, as applications, nginx's escape=json, Caddy, Traefik, Envoy, Elastic's
// ECS and Google's load balancers write them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/column_map.h"
#include "simulate/logs/line_parser.h"

namespace rateguard::simulate {

class JsonLinesParser final : public LineParser {
 public:
  // Keeps of each line's header fields only those that `wanted` names; `columns` as for CSV, where a name may lead into
  // objects ("usage.total_tokens"). A value at a usual name that is neither text nor a number is ignored; at a name
  // given by `columns` it makes the line malformed. A line that has a time and nothing that could count is
  // LineKind::kNoRequest.
  JsonLinesParser(ColumnMap columns, const WantedHeaders& wanted);
  ~JsonLinesParser() override;

  Parsed parse(std::string_view line, LogEntry& out) override;

  std::vector<std::string> names_never_found() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The names of a line's members, those of objects inside by their dotted way ("source.ip"). Empty: not a JSON object.
std::vector<std::string> member_names(std::string_view line);

}  // namespace rateguard::simulate
