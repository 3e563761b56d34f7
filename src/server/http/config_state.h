// Whether what is in force is what the configuration says, as answers tell it.
#pragma once

#include <string>

#include "server/service.h"

namespace rateguard::http_api {

// Adds `,"configuration":{"current":true,"problem":null,"waiting":[]}`, or nothing where there is no configuration to
// load from. `current` is false while the last reload has failed; then `problem` says why.
void append_config_state(std::string& out, const server::Service& service);

}  // namespace rateguard::http_api
