#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "app/commands.h"
#include "app/completion.h"

namespace rateguard::app {
namespace {

constexpr const char* kAbout =
    "RateGuard decides, for every request, whether it may pass.\n\n"
    "  rateguard serve                        answer POST /check on 127.0.0.1:8080, no configuration needed\n"
    "  rateguard validate rules.yaml          say whether a file loads, with line and column where it does not\n"
    "  rateguard simulate --rules rules.yaml --html report.html access.log\n"
    "                                         show what rules would have done to recorded traffic\n";

constexpr const char* kFooter =
    "Exit codes: 0 done (check: admitted), 1 check: refused; bench: requests without a decision, 2 wrong command "
    "line,\n"
    "3 a file does not load, 4 an address, file or server cannot be used.\n"
    "Settings are taken from the command line first, then RATEGUARD_* variables, then the file, then defaults.\n"
    "`rateguard COMMAND --help` explains a command.";

void add_serve(CLI::App& app, ServeOptions& options) {
  CLI::App* serve = app.add_subcommand("serve", "Answer checks over HTTP, gRPC and the Redis protocol");
  serve->add_option("--config", options.config, "Rules and settings (YAML); read again on SIGHUP and when it changes")
      ->envname("RATEGUARD_CONFIG")
      ->type_name("FILE");
  serve->add_option("--http", options.http, "Where to listen; port 0 picks a free one (default 127.0.0.1:8080)")
      ->type_name("HOST:PORT");
  serve
      ->add_option("--grpc", options.grpc,
                   "Where to answer gRPC, or off; port 0 picks a free one (default 127.0.0.1:8081)")
      ->type_name("HOST:PORT");
  serve
      ->add_option("--resp", options.resp,
                   "Where to speak the Redis protocol, or off; port 0 picks a free one (default 127.0.0.1:6380)")
      ->type_name("HOST:PORT");
  serve->add_option("--data", options.data, "Keep counters in this folder across restarts (default: nothing is kept)")
      ->type_name("DIR");
  serve
      ->add_option("--envoy-config", options.envoy_config,
                   "Envoy's rate limit configuration, a file or a folder, as envoyproxy/ratelimit has it")
      ->type_name("PATH");
  serve->add_option("--threads", options.threads, "Event loops (default: one per core)")->type_name("N");
  serve->add_option("--log-format", options.log_format, "text or json")->type_name("FORMAT");
  serve->add_option("--log-level", options.log_level, "debug, info, warn or error")->type_name("LEVEL");
  serve->footer(
      "Prints one line `ready http=HOST:PORT grpc=HOST:PORT resp=HOST:PORT` to standard output when it can serve; logs "
      "go to standard error.\n"
      "SIGTERM and SIGINT drain and exit 0; SIGHUP reloads the file, and a bad one leaves the old rules in force.\n\n"
      "  curl -d '{\"key\":\"user:123\",\"algorithm\":\"token_bucket\",\"capacity\":10,\"refill_rate\":1}' "
      "http://127.0.0.1:8080/check");
}

void add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* check = app.add_subcommand("check", "Decide one request, here or at a running service");
  check->add_option("--config,--rules", options.config, "Rules to decide by")
      ->envname("RATEGUARD_CONFIG")
      ->type_name("FILE");
  check->add_option("--server", options.server, "Ask a running service instead of deciding here")
      ->type_name("HOST:PORT");
  check->add_option("--token", options.token, "Bearer token for --server")
      ->envname("RATEGUARD_TOKEN")
      ->type_name("TOKEN");
  check->add_option("--rule", options.rule, "One configured rule, with --key")->type_name("NAME");
  check->add_option("--key", options.key, "What the limit counts by; repeat it for a rule by several things")
      ->type_name("KEY");
  check->add_option("--limit", options.limit, "A limit of its own: \"5/m\" or \"100/10s burst 20\"")
      ->type_name("LIMIT");
  check->add_option("--algorithm", options.algorithm, "The algorithm for --limit (default token_bucket)")
      ->type_name("NAME");
  check->add_option("--method", options.method, "Facts of a request, decided by every rule that matches")
      ->type_name("GET");
  check->add_option("--path", options.path, "Its path")->type_name("PATH");
  check->add_option("--host", options.host, "Its host")->type_name("HOST");
  check->add_option("--ip", options.ip, "The client's address")->type_name("ADDRESS");
  check->add_option("--user", options.user, "The user")->type_name("USER");
  check->add_option("--api-key", options.api_key, "The API key")->type_name("KEY");
  check->add_option("--workspace", options.workspace, "The workspace")->type_name("NAME");
  check->add_option("--plan", options.plan, "The plan")->type_name("NAME");
  check->add_option("--header", options.headers, "A header field; may be repeated")->type_name("NAME:VALUE");
  check->add_option("--cost", options.cost, "What the request takes (default 1; 0 only looks)")->type_name("UNITS");
  check->add_option("--repeat", options.repeat, "Ask so many times; deciding here, --every apart in virtual time")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  check->add_option("--every", options.every, "Virtual time between repeats")->type_name("DURATION");
  check->add_flag("--json", options.json, "Print the answer as POST /check gives it, one line each");
  check->footer(
      "Decides on empty counters unless --server names a service. Exit code 0: admitted; 1: refused (the last of "
      "several).\n\n"
      "  rateguard check --limit 5/m --key me --repeat 7 --every 1s\n"
      "  rateguard check --config rules.yaml --ip 203.0.113.9 --method POST --path /login\n"
      "  rateguard check --server 127.0.0.1:8080 --rule login --key 203.0.113.9");
}

void add_validate(CLI::App& app, ValidateOptions& options) {
  CLI::App* validate = app.add_subcommand("validate", "Say whether a configuration file loads");
  validate->add_option("file", options.file, "The file")->type_name("FILE");
  CLI::Option* envoy =
      validate->add_option("--envoy", options.envoy, "Envoy's rate limit configuration: a file or a folder")
          ->type_name("PATH");
  validate->add_flag("--merge-domains", options.merge_domains, "With --envoy: files of the same domain are merged")
      ->needs(envoy);
  validate->add_flag("--json", options.json, "Print the result as JSON");
  validate->footer(
      "Exit code 0: it loads; 3: it does not, and the message gives file, line, column and what was expected.");
}

void add_log_format(CLI::App& command, LogFormatOptions& options) {
  CLI::Option* format =
      command
          .add_option("--format", options.format,
                      "auto, combined, common, jsonl, csv, w3c, haproxy, envoy, istio, alb or elb (default auto)")
          ->check(CLI::IsMember(
              {"auto", "combined", "common", "jsonl", "csv", "w3c", "haproxy", "envoy", "istio", "alb", "elb"}))
          ->type_name("FORMAT");
  command
      .add_option("--log-format", options.log_format,
                  "How lines are laid out, as the server's configuration says it: nginx's log_format, Apache's "
                  "LogFormat or Envoy's text format")
      ->excludes(format)
      ->type_name("LAYOUT");
  command
      .add_option("--columns", options.columns,
                  "Which fields of a CSV, JSON or W3C log mean what: time=TIMESTAMP,cost=ContextTokens+GeneratedTokens")
      ->type_name("MAP");
}

void add_simulate(CLI::App& app, SimulateOptions& options) {
  CLI::App* simulate =
      app.add_subcommand("simulate", "Replay recorded traffic against rules that are not in force yet");
  simulate->add_option("--rules", options.rules, "The rules to try; needed unless --explain-format is given")
      ->type_name("FILE");
  simulate->add_option("--compare", options.compare, "Other rules, to show what would change and for whom")
      ->type_name("FILE");
  add_log_format(*simulate, options.format);
  simulate->add_flag("--explain-format", options.explain_format,
                     "Show how the first lines of a log are read, field by field, and replay nothing");
  simulate->add_option("--json", options.json, "Write the figures as JSON")->type_name("OUT");
  simulate->add_option("--html", options.html, "Write one self-contained page with plots")->type_name("OUT");
  simulate->add_flag("--quiet", options.quiet, "No progress and no table");
  simulate->add_option("log", options.logs, "Logs, plain, gzip or zstd; - is standard input")
      ->required()
      ->type_name("LOG...");
  simulate->footer(
      "  rateguard simulate --rules rules.yaml --html report.html /var/log/nginx/access.log*\n"
      "  rateguard simulate --rules today.yaml --compare tomorrow.yaml --json diff.json access.log.gz\n"
      "  rateguard simulate --explain-format access.log\n\n"
      "Exit code 0: all logs were read; 3: rules or logs that cannot be read as such; 4: a file that cannot be used, "
      "or "
      "one of several logs that was not read to its end.");
}

void add_suggest(CLI::App& app, SuggestOptions& options) {
  CLI::App* suggest = app.add_subcommand("suggest", "Propose limits for recorded traffic, and who they would refuse");
  add_log_format(*suggest, options.format);
  suggest
      ->add_option("--headroom", options.headroom,
                   "A limit is this many times what 99.9 % of the callers did at most (default 2)")
      ->check(CLI::Range(1.0, 100.0))
      ->type_name("FACTOR");
  suggest->add_option("--out", options.out, "Write the rules to this file instead of printing them")->type_name("OUT");
  suggest->add_option("--json", options.json, "Write the figures and the rules as JSON")->type_name("OUT");
  suggest->add_flag("--quiet", options.quiet, "No progress and no table");
  suggest->add_option("log", options.logs, "Logs, plain, gzip or zstd; - is standard input")
      ->required()
      ->type_name("LOG...");
  suggest->footer(
      "  rateguard suggest --out rules.yaml /var/log/nginx/access.log*\n"
      "  rateguard simulate --rules rules.yaml --html report.html /var/log/nginx/access.log*");
}

void add_bench_load(CLI::App& bench, BenchOptions& options) {
  bench.add_option("--connections", options.connections, "Connections, all threads together (default 50)")
      ->type_name("N");
  bench
      .add_option("--depth", options.depth, "Requests under way on each connection: a pipeline, or streams (default 1)")
      ->type_name("N");
  bench.add_option("--threads", options.threads, "Threads of the generator (default 1)")->type_name("N");
  bench.add_option("--duration", options.duration, "How long to ask (default 10s, unless --requests is given)")
      ->type_name("DURATION");
  bench.add_option("--requests", options.requests, "How many requests to send")->type_name("N");
  bench
      .add_option("--rate", options.rate,
                  "Open loop: so many requests a second whatever the answers; latency counts from when each was due")
      ->type_name("PER_SECOND");
  bench.add_option("--timeout", options.timeout, "How long to wait for an answer (default 5s)")->type_name("DURATION");
  bench.add_option("--seed", options.seed, "Of the keys; the same seed asks the same (default 1)")->type_name("N");
}

void add_bench(CLI::App& app, BenchOptions& options) {
  CLI::App* bench = app.add_subcommand("bench", "Put load on a running service and measure its answers");
  bench
      ->add_option("target", options.target,
                   "http://HOST:PORT[/PATH], redis://HOST:PORT or grpc://HOST:PORT (default http://127.0.0.1:8080)")
      ->type_name("URL");
  add_bench_load(*bench, options);
  bench->add_option("--keys", options.keys, "unique, uniform:N, zipf:S:N or hot (default uniform:100000)")
      ->type_name("KEYS");
  bench->add_option("--key-prefix", options.key_prefix, "What every key begins with (default bench:)")
      ->type_name("TEXT");
  bench->add_option("--refused", options.refused, "The share of requests about a used-up limit, 0 to 1 (default 0)")
      ->type_name("SHARE");
  bench->add_option("--cost", options.cost, "What each request takes (default 1)")->type_name("UNITS");
  bench->add_option("--limit", options.limit, "The limit of each key: \"100/s burst 20\" (default: never used up)")
      ->type_name("LIMIT");
  bench->add_option("--rule", options.rule, "Ask by this configured rule")->type_name("NAME");
  bench->add_option("--body", options.body, "HTTP: the body, with {key}, {cost} and {n} filled in")
      ->type_name("TEMPLATE");
  bench->add_option("--method", options.method, "HTTP: the method (default POST where there is a body)")
      ->type_name("NAME");
  bench->add_option("--header", options.headers, "HTTP: a header field; may be repeated")->type_name("NAME:VALUE");
  bench->add_option("--command", options.command, "RESP: the command, with {key}, {cost} and {n} filled in")
      ->type_name("TEMPLATE");
  bench->add_option("--domain", options.domain, "gRPC: the domain (default bench)")->type_name("NAME");
  bench->add_option("--descriptor", options.descriptor, "gRPC: the descriptor whose value is the key (default key)")
      ->type_name("NAME");
  bench->add_option("--token", options.token, "HTTP and gRPC: bearer token; RESP: AUTH")
      ->envname("RATEGUARD_TOKEN")
      ->type_name("TOKEN");
  bench->add_option("--json", options.json, "Write the figures as JSON; - is standard output, without the table")
      ->type_name("OUT");
  bench->add_flag("--quiet", options.quiet, "No progress and no table");
  bench->footer(
      "Exit code 0: every request got a decision; 1: some did not; 4: none did.\n\n"
      "  rateguard bench --connections 100 --duration 30s http://127.0.0.1:8080\n"
      "  rateguard bench --rate 20000 --keys zipf:1.1:1000000 --refused 0.05 http://127.0.0.1:8080\n"
      "  rateguard bench --depth 64 redis://127.0.0.1:6380");
}

Shell shell_of(const std::string& name) {
  if (name == "zsh") return Shell::kZsh;
  return name == "fish" ? Shell::kFish : Shell::kBash;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{kAbout, "rateguard"};
  app.footer(kFooter);
  app.require_subcommand(1);

  ServeOptions serve_options;
  CheckOptions check_options;
  ValidateOptions validate_options;
  SimulateOptions simulate_options;
  SuggestOptions suggest_options;
  BenchOptions bench_options;
  bool version_json = false;
  std::string shell;
  add_serve(app, serve_options);
  add_check(app, check_options);
  add_validate(app, validate_options);
  add_simulate(app, simulate_options);
  add_suggest(app, suggest_options);
  add_bench(app, bench_options);
  app.add_subcommand("version", "Print the version and what it was built with")
      ->add_flag("--json", version_json, "Print it as JSON");
  app.add_subcommand("completion", "Print a completion script for a shell: source <(rateguard completion bash)")
      ->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("SHELL");
  app.set_version_flag("--version", RATEGUARD_VERSION);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kUsage;
  }

  if (app.got_subcommand("serve")) return serve(serve_options);
  if (app.got_subcommand("check")) return check(check_options);
  if (app.got_subcommand("validate")) return validate(validate_options);
  if (app.got_subcommand("simulate")) return simulate(simulate_options);
  if (app.got_subcommand("suggest")) return suggest(suggest_options);
  if (app.got_subcommand("bench")) return bench(bench_options);
  if (app.got_subcommand("version")) return version(version_json);
  fmt::print("{}", completion_script(app, shell_of(shell)));
  return kSuccess;
}

}  // namespace rateguard::app
