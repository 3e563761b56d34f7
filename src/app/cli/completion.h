// Shell completion scripts, made from the definition of the command line, so that they are always up to date.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace rateguard::app {

enum class Shell { kBash, kZsh, kFish };

std::string completion_script(const CLI::App& app, Shell shell);

}  // namespace rateguard::app
