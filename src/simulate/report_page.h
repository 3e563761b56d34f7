// A report as one self-contained page: no network, opens from disk, light or dark as set in the reader's system.
#pragma once

#include <string>

#include "base/result.h"
#include "simulate/report.h"

namespace rateguard::simulate {

// Best with Detail::kPlots; otherwise the page has no plot of remaining quotas.
std::string page_html(const Report& report);

// Writes to a file, whole or not at all ("-" is standard output). Errors: kIo with the system's reason.
Result<void> write_html(const Report& report, const std::string& path);

}  // namespace rateguard::simulate
