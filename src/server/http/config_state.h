// Tells in answers whether the current configuration is in force.
#pragma once

#include <string>

#include "server/service.h"

namespace rateguard::http_api {

// Adds `,"configuration":{"current":true,"problem":null,"waiting":[]}`, or nothing if there is no configuration to load
// from. `current` is false if the last reload failed; then `problem` says why.
void append_config_state(std::string& out, const server::Service& service);

}  // namespace rateguard::http_api
