// Which changed settings a running service applies, and which wait for its next start.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace rateguard::app {

// The keys of settings that differ from those of the start and take effect at the next one.
std::vector<std::string> settings_waiting(const config::Config& at_start, const config::Config& now);

// "listen.grpc takes effect at the next start", "log.level and headers take effect at the next start". REQUIRES: at
// least one.
std::string waiting_in_words(const std::vector<std::string>& waiting);

}  // namespace rateguard::app
