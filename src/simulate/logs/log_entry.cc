#include "simulate/logs/log_entry.h"

namespace rateguard::simulate {

Target split_target(std::string_view target) {
  Target out;
  if (target.starts_with('/')) {
    out.path = target.substr(0, target.find('?'));
    return out;
  }
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = target.find_first_of("/?#");
    out.host = target.substr(0, end);
    target = end == std::string_view::npos ? std::string_view("/") : target.substr(end);
    break;
  }
  out.path = target.substr(0, target.find('?'));
  if (out.path.empty() && !out.host.empty()) out.path = "/";
  return out;
}

}  // namespace rateguard::simulate
