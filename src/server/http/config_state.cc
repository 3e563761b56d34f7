#include "server/http/config_state.h"

#include "text/json_text.h"

namespace rateguard::http_api {

void append_config_state(std::string& out, const server::Service& service) {
  if (!service.config_state) return;
  const server::ConfigState state = service.config_state();
  out += ",\"configuration\":{\"current\":";
  append_bool(out, state.problem.empty());
  out += ",\"problem\":";
  if (state.problem.empty()) {
    out += "null";
  } else {
    append_json_string(out, state.problem);
  }
  out += ',';
  append_json_strings(out, "waiting", state.waiting);
  out += '}';
}

}  // namespace rateguard::http_api
