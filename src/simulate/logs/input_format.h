// The formats of logs: their names, how to distinguish them, and their parsers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulate/logs/column_map.h"
#include "simulate/logs/envelope.h"
#include "simulate/logs/line_format.h"
#include "simulate/logs/line_parser.h"

namespace rateguard::simulate {

enum class InputFormat : uint8_t {
  kAuto,
  kCombined,  // and what only stands around it: vhost_combined, X-Forwarded-For, ingress-nginx, Traefik
  kCommon,
  kJsonLines,
  kCsv,
  kW3c,      // IIS, CloudFront
  kHaproxy,  // option httplog
  kEnvoy,    // Envoy's default
  kIstio,    // Istio's default
  kAlb,      // AWS Application Load Balancer
  kElb,      // AWS Classic Load Balancer
  kLayout,   // what --log-format says
};

// "auto", "combined", "common", "jsonl", "csv", ...: as --format takes them, kLayout aside.
std::string_view to_string(InputFormat format);
std::vector<std::string_view> input_format_names();
Result<InputFormat> parse_input_format(std::string_view name);

// What the first lines of a log show about it.
struct DetectedFormat {
  InputFormat format = InputFormat::kAuto;  // kAuto: none
  std::vector<Envelope> envelopes = {};     // around each line, the outermost first
  size_t lines = 0;                         // examined
  size_t fitting = 0;                       // of those, the ones that this format can read
};

// The format of a log that begins with `head`: of its first lines, the one that most of them can be read as.
DetectedFormat detect_format(std::string_view head);
// Only the envelopes of a log whose format is known.
std::vector<Envelope> detect_envelopes(std::string_view head);

// How a log is to be read.
struct ParserOptions {
  InputFormat format = InputFormat::kAuto;
  std::vector<Envelope> envelopes = {};
  ColumnMap columns = {};
  std::optional<LineFormat> layout = {};         // of kLayout
  std::vector<std::string> wanted_headers = {};  // lower case; the others are not kept
};

// A parser of one record a line. REQUIRES: the format is neither kAuto nor kCsv, and kLayout has its layout.
std::unique_ptr<LineParser> make_line_parser(const ParserOptions& options);

}  // namespace rateguard::simulate
