// The plan of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "loadgen/key_picker.h"
#include "model/instant.h"

namespace rateguard::loadgen {

enum class Protocol : uint8_t { kHttp, kResp, kGrpc };

// The server that gets the questions.
struct Target {
  Protocol protocol = Protocol::kHttp;
  std::string host = "127.0.0.1";
  uint16_t port = 8080;
  std::string path = "/check";  // HTTP only

  // "http://host[:port][/path]", "redis://host[:port]", "grpc://host[:port]"; an IPv6 address in brackets. The default
  // ports are 8080, 6380 and 8081. Errors: kInvalid.
  static Result<Target> parse(std::string_view url);
  std::string to_string() const;
};

// The limit that the default questions carry.
struct LimitFigures {
  uint64_t capacity = 1'000'000'000;  // more than any run uses
  uint64_t units = 1'000'000'000;     // per period
  Duration period = Duration::seconds(1);
};

struct Plan {
  Target target = {};
  int threads = 1;
  int connections = 50;  // of all threads together
  int depth = 1;         // questions under way on each connection
  // The run ends after whichever comes first; at least one is set.
  std::optional<Duration> duration = {};
  std::optional<uint64_t> questions = {};
  std::optional<double> rate = {};  // questions a second, open loop; empty: closed loop
  Duration patience = Duration::seconds(5);

  KeySpec keys = {};
  std::string key_prefix = "bench:";
  double refused = 0;  // the share of questions about a key whose limit is used up
  uint32_t cost = 1;
  LimitFigures limit = {};
  std::string rule = {};                  // the configured rule to ask by, with the server's limit
  std::string body = {};                  // HTTP: a template of the body; empty: a check
  std::string method = {};                // HTTP: POST where there is a body
  std::vector<std::string> headers = {};  // HTTP: "Name: value"
  std::string command = {};               // RESP: a template of the words of a command; empty: CL.THROTTLE
  std::string token = {};                 // Authorization: Bearer, or AUTH
  std::string domain = "bench";           // gRPC
  std::string descriptor = "key";         // gRPC: the descriptor's name, its value being the key
  uint64_t seed = 1;
};

// Errors: kInvalid, with what was expected: figures out of bounds, options of another protocol.
Result<void> check_plan(const Plan& plan);

}  // namespace rateguard::loadgen
