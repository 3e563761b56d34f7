// For tests: what a source of figures reports.
#pragma once

#include <string>

#include "metrics/source.h"

namespace rateguard::server {

// As a scrape at `now` sees it.
inline std::string reported(const metrics::Source& source, Instant now = Instant::from_seconds(1'000)) {
  metrics::Writer out(now);
  source.report(out);
  return out.text();
}

// Whether one of the lines of `text` is `line`.
inline bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace rateguard::server
