// The subcommands: each takes its parsed options and returns the process's exit code.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rateguard::app {

// Documented in docs/cli.md and in `rateguard --help`.
enum ExitCode : int {
  kSuccess = 0,    // done; for `check`: admitted
  kRefused = 1,    // `check`: refused; `bench`: some requests got no decision; `health`: not ready; a catalog: refused
  kUsage = 2,      // the command line is wrong
  kBadConfig = 3,  // a configuration or rules file does not load
  kCannotServe = 4,  // an address, a file or a server cannot be used
  kNotSaved = 5,     // `serve`: it ended as asked, but could not save the counters
};

struct ServeOptions {
  std::string config = {};
  std::optional<std::string> http = {};
  std::optional<std::string> grpc = {};
  std::optional<std::string> resp = {};
  std::optional<std::string> data = {};
  std::optional<std::string> envoy_config = {};
  std::optional<int> threads = {};
  std::optional<std::string> log_format = {};
  std::optional<std::string> log_level = {};
};
int serve(const ServeOptions& options);

struct CheckOptions {
  std::string config = {};
  std::string server = {};  // HOST:PORT of a running service; empty: decide in this process, on empty counters
  std::string token = {};
  // A configured rule, or a limit given here.
  std::string rule = {};
  std::vector<std::string> key = {};
  std::string algorithm = {};
  std::string limit = {};  // "5/m burst 10"
  // Facts: every configured rule that matches.
  std::string method = {};
  std::string path = {};
  std::string host = {};
  std::string ip = {};
  std::string user = {};
  std::string api_key = {};
  std::string workspace = {};
  std::string plan = {};
  std::vector<std::string> headers = {};
  int64_t cost = 1;  // below zero: gives back
  int repeat = 1;
  std::string every = "0ms";  // virtual time between repeats
  bool json = false;
};
int check(const CheckOptions& options);

struct ValidateOptions {
  std::string file = {};
  std::string envoy = {};  // a file or folder of Envoy's rate limit configuration; besides `file`, or instead of it
  bool merge_domains = false;
  bool json = false;
};
int validate(const ValidateOptions& options);

// How to read logs.
struct LogFormatOptions {
  std::string format = "auto";
  std::string log_format = {};  // a layout in the syntax of a server's configuration
  std::string columns = {};
  uint32_t jobs = 0;  // reading threads; 0: one for each processor
};

struct SimulateOptions {
  std::string rules = {};
  std::string compare = {};
  LogFormatOptions format = {};
  bool explain_format = false;
  std::string json = {};
  std::string html = {};
  std::vector<std::string> logs = {};
  bool quiet = false;
};
int simulate(const SimulateOptions& options);

struct SuggestOptions {
  LogFormatOptions format = {};
  double headroom = 2;
  std::string out = {};
  std::string json = {};
  std::vector<std::string> logs = {};
  bool quiet = false;
};
int suggest(const SuggestOptions& options);

struct BenchOptions {
  std::string target = "http://127.0.0.1:8080";
  int connections = 50;
  int depth = 1;
  int threads = 1;
  std::string duration = {};  // "10s"; the default is 10 seconds, unless a number of requests is given
  std::optional<uint64_t> requests = {};
  std::optional<double> rate = {};  // requests a second, open loop
  std::string timeout = "5s";
  std::string keys = "uniform:100000";
  std::string key_prefix = "bench:";
  double refused = 0;
  uint32_t cost = 1;
  std::string limit = {};
  std::string rule = {};
  std::string body = {};
  std::string method = {};
  std::vector<std::string> headers = {};
  std::string command = {};
  std::string domain = "bench";
  std::string descriptor = "key";
  std::string token = {};
  uint64_t seed = 1;
  std::string json = {};
  bool quiet = false;
};
int bench(const BenchOptions& options);

struct HealthOptions {
  std::string url = {};  // "http://HOST:PORT[/PATH]"; empty: where RATEGUARD_HTTP says that the service listens
  std::string timeout = "2s";
};
int health(const HealthOptions& options);

// Which catalog: the database itself, by a data folder or a configuration, or that of a running server.
struct CatalogPlace {
  std::string server = {};  // "http://HOST:PORT" of its admin API; RATEGUARD_ADMIN_TOKEN holds the token
  std::string data = {};
  std::string config = {};
};

struct CatalogCommandOptions {
  std::string noun = {};  // "keys", "limits", "audit"
  std::string action = {};
  std::vector<std::string> names = {};
  std::map<std::string, std::vector<std::string>> given = {};  // by option: "--plan"
  std::map<std::string, bool> flags = {};
  std::optional<int> list_max = {};  // for lists; no other action takes it
  CatalogPlace place = {};
  bool json = false;
};
int catalog_command(const CatalogCommandOptions& options);

struct ApplyOptions {
  std::string file = {};
  bool dry_run = false;
  bool prune = false;
  bool yes = false;
  CatalogPlace place = {};
};
int apply(const ApplyOptions& options);

struct ExportOptions {
  std::string out = {};  // empty: standard output
  CatalogPlace place = {};
};
int export_catalog(const ExportOptions& options);

int version(bool json);

}  // namespace rateguard::app
