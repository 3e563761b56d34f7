// The results of a run, for people and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "loadgen/run.h"

namespace rateguard::loadgen {

enum class Style : uint8_t { kPlain, kColoured };

// The plan in a line or two.
std::string plan_text(const Plan& plan);
// The progress line; no line break, at most `columns` wide.
std::string progress_text(const Plan& plan, const Progress& progress, int columns);
// The closing table, with line breaks.
std::string table_text(const Plan& plan, const RunResult& outcome, Style style);
// One JSON object; its fields are documented in docs/bench.md.
std::string json_text(const Plan& plan, const RunResult& outcome);

// "1,234,567"
std::string count_text(uint64_t count);
// Three significant digits with a unit: "850 ns", "12.3 µs", "1.02 ms", "2.50 s".
std::string latency_text(int64_t ns);

}  // namespace rateguard::loadgen
