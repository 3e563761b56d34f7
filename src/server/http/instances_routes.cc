// GET /v1/instances
#include <fmt/chrono.h>

#include "model/running_instance.h"
#include "server/http/routes.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

// RFC 3339, to the second. Another instance may have written anything: an invalid instant becomes the epoch.
std::string time_text(Instant t) {
  const int64_t us = t.us < 0 || t > Instant::max() ? 0 : t.us;
  return fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(us / 1'000'000)));
}

void append_instance(std::string& out, const RunningInstance& instance) {
  const InstanceDescription& description = instance.description;
  out += "{\"id\":";
  append_json_string(out, fmt::format("{:016x}", instance.id));
  out += ",\"self\":";
  append_bool(out, instance.is_self);
  out += ",\"host\":";
  append_json_string(out, description.host);
  out += ",\"pid\":";
  append_number(out, description.pid);
  out += ",\"version\":";
  append_json_string(out, description.version);
  out += ",\"addresses\":{";
  bool first = true;
  for (const auto& [protocol, address] : description.addresses) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, protocol);
    out += ':';
    append_json_string(out, address);
  }
  out += "},\"started\":";
  append_json_string(out, time_text(description.started));
  out += ",\"seen_ms_ago\":";
  append_number(out, instance.seen_ago.ceil_millis());
  out += ",\"rules_revision\":";
  append_json_string(out, description.rules_revision);
  out += '}';
}

}  // namespace

void answers::list_instances(ApiCall& call) {
  const Service& service = call.workspace.service;
  std::string& out = call.workspace.body;
  out.assign("{\"instances\":[");
  bool first = true;
  if (service.instances) {
    for (const RunningInstance& instance : service.instances(call.now)) {
      if (!first) out += ',';
      first = false;
      append_instance(out, instance);
    }
  }
  out += "]}";
  call.respond(200, "application/json", out, {{"Cache-Control", "no-store"}});
}

}  // namespace rateguard::http_api
