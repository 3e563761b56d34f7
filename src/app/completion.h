// Shell completion scripts, made from the command line's own definition so that they cannot fall behind it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace rateguard::app {

enum class Shell { kBash, kZsh, kFish };

std::string completion_script(const CLI::App& app, Shell shell);

}  // namespace rateguard::app
