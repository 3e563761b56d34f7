// A report as JSON, for programs (docs/simulate.md lists the members) and for the page.
#pragma once

#include <string>

#include "base/result.h"
#include "simulate/report.h"

namespace rateguard::simulate {

enum class JsonContent : uint8_t {
  kFigures,
  kFiguresAndPlots,  // with the series that the page draws
};

std::string to_json(const Report& report, JsonContent content);

// Writes to a file, whole or not at all ("-" is standard output). Errors: kIo with the system's reason.
Result<void> write_json(const Report& report, const std::string& path);

}  // namespace rateguard::simulate
