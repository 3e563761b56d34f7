#include "app/cli/command_definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "app/build/build.h"
#include "app/cli/choices.h"
#include "app/cli/command_help.h"
#include "app/cli/option_values.h"

namespace rateguard::app {
namespace {

constexpr const char* kFooter =
    "`rateguard help COMMAND` explains a command.\n\n"
    "Exit codes: 0 done (check: admitted), 1 check: refused; bench: requests without a decision; health: not ready;\n"
    "over the catalog: no such record, or the change is refused,\n"
    "2 wrong command line, 3 a file does not load, 4 an address, file or server cannot be used,\n"
    "5 serve: the counters could not be saved.\n"
    "Settings are taken from the command line first, then RATEGUARD_* variables, then the file, then defaults.";

// A check whose message lists the words; the help lists them in the description.
CLI::Validator one_of(const std::string& option) {
  const std::vector<std::string> words = choices_for(option);
  return CLI::Validator(
      [words](std::string& text) {
        if (std::ranges::find(words, text) != words.end()) return std::string();
        return fmt::format("expected {}, found '{}'", fmt::join(words, ", "), text);
      },
      "");
}

// CLI::Range accepts "nan".
CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        double number = 0;
        const bool is_number = CLI::detail::lexical_cast(text, number) && number >= least && number <= most;
        return is_number ? std::string()
                         : fmt::format("expected a number from {} to {}, found '{}'", least, most, text);
      },
      "");
}

void add_serve(CLI::App& app, ServeOptions& options) {
  CLI::App* serve = app.add_subcommand("serve", "Answer checks over HTTP, gRPC and the Redis protocol");
  serve->add_option("--config", options.config, "Rules and settings (YAML); read again on SIGHUP and when it changes")
      ->envname("RATEGUARD_CONFIG")
      ->type_name("FILE");
  serve
      ->add_option("--http", options.http,
                   "Where to listen; port 0 picks a free one (default 127.0.0.1:8080) [RATEGUARD_HTTP]")
      ->type_name("HOST:PORT");
  serve
      ->add_option("--grpc", options.grpc,
                   "Where to answer gRPC, or off; port 0 picks a free one (default 127.0.0.1:8081) [RATEGUARD_GRPC]")
      ->type_name("HOST:PORT");
  serve
      ->add_option("--resp", options.resp,
                   "Where to speak the Redis protocol, or off; port 0 picks a free one (default 127.0.0.1:6380) "
                   "[RATEGUARD_RESP]")
      ->type_name("HOST:PORT");
  serve
      ->add_option(
          "--data", options.data,
          "Keep counters in this folder across restarts; created if needed (default: nothing is kept) [RATEGUARD_DATA]")
      ->type_name("DIR");
  serve
      ->add_option("--envoy-config", options.envoy_config,
                   "Envoy's rate limit configuration, a file or a folder, as envoyproxy/ratelimit has it "
                   "[RATEGUARD_ENVOY_CONFIG]")
      ->type_name("PATH");
  serve->add_option("--threads", options.threads, "Event loops (default: one per core) [RATEGUARD_LISTEN_THREADS]")
      ->type_name("N");
  serve->add_option("--log-format", options.log_format, "text or json [RATEGUARD_LOG_FORMAT]")->type_name("FORMAT");
  serve->add_option("--log-level", options.log_level, "debug, info, warn or error [RATEGUARD_LOG_LEVEL]")
      ->type_name("LEVEL");
  serve->footer(
      "Prints one line `ready http=HOST:PORT grpc=HOST:PORT resp=HOST:PORT` to standard output when it can serve; logs "
      "go to standard error.\n"
      "SIGTERM and SIGINT drain and exit 0 (5 if the counters could not be saved); SIGHUP reloads the file, and a bad "
      "one leaves the old rules in force.\n\n"
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
  check->add_option("--limit", options.limit, "A limit for this check: \"5/m\" or \"100/10s burst 20\"")
      ->type_name("LIMIT");
  check->add_option("--algorithm", options.algorithm, "The algorithm for --limit (default token_bucket)")
      ->type_name("NAME");
  check->add_option("--method", options.method, "The method of a request: facts, decided by every rule that matches")
      ->type_name("METHOD");
  check->add_option("--path", options.path, "Its path")->type_name("PATH");
  check->add_option("--host", options.host, "Its host")->type_name("HOST");
  check->add_option("--ip", options.ip, "The client's address")->type_name("ADDRESS");
  check->add_option("--user", options.user, "The user")->type_name("USER");
  check->add_option("--api-key", options.api_key, "The API key")->type_name("KEY");
  check->add_option("--workspace", options.workspace, "The workspace")->type_name("NAME");
  check->add_option("--plan", options.plan, "The plan")->type_name("NAME");
  check->add_option("--header", options.headers, "A header field; may be repeated")->type_name("NAME:VALUE");
  check->add_option("--cost", options.cost, "What the request takes (default 1; 0 only looks, less gives back)")
      ->type_name("UNITS");
  check
      ->add_option("--repeat", options.repeat,
                   "Ask N times, 1 to 1000000; deciding here, --every apart in virtual time")
      ->check(number_between(1, 1'000'000))
      ->type_name("N");
  check->add_option("--every", options.every, "Virtual time between repeats")->type_name("DURATION");
  check->add_flag("--json", options.json, "Print the answer as POST /check gives it, one line each");
  check->footer(
      "Decides on empty counters unless --server names a service. The exit code speaks for the last answer.\n\n"
      "  rateguard check --limit 5/m --key me --repeat 7 --every 1s\n"
      "  rateguard check --config rules.yaml --ip 203.0.113.9 --method POST --path /login\n"
      "  rateguard check --server 127.0.0.1:8080 --rule login --key 203.0.113.9");
}

void add_validate(CLI::App& app, ValidateOptions& options) {
  CLI::App* validate = app.add_subcommand("validate", "Say whether a configuration file loads");
  validate->add_option("file", options.file, "The file")->type_name("FILE");
  validate->add_option("--envoy", options.envoy, "Envoy's rate limit configuration: a file or a folder")
      ->type_name("PATH");
  validate->add_flag("--merge-domains", options.merge_domains, "With --envoy: files of the same domain are merged");
  validate->add_flag("--json", options.json, "Print the result as JSON");
  validate->footer(
      "Exit code 0: it loads; 3: it does not, and the message gives file, line, column and what was expected.");
}

void add_log_format(CLI::App& command, LogFormatOptions& options) {
  command
      .add_option("--format", options.format,
                  "auto, combined, common, jsonl, csv, w3c, haproxy, envoy, istio, alb or elb (default auto)")
      ->check(one_of("--format"))
      ->type_name("FORMAT");
  command
      .add_option("--log-format", options.log_format,
                  "How lines are laid out, as the server's configuration says it: nginx's log_format, Apache's "
                  "LogFormat or Envoy's text format")
      ->type_name("LAYOUT");
  command
      .add_option("--columns", options.columns,
                  "Which fields of a CSV, JSON or W3C log mean what: time=TIMESTAMP,cost=ContextTokens+GeneratedTokens")
      ->type_name("MAP");
  command
      .add_option("--jobs", options.jobs,
                  "Threads that read the logs (default: one for each processor); the result is the same for any number")
      ->check(number_between(1, 1024))
      ->type_name("N");
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
  CLI::App* suggest =
      app.add_subcommand("suggest", "Propose limits for recorded traffic, and which requests they would refuse");
  add_log_format(*suggest, options.format);
  suggest
      ->add_option("--headroom", options.headroom,
                   "A limit is this many times what 99.9 % of the callers did at most (default 2)")
      ->check(number_between(1, 100))
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
      .add_option(
          "--rate", options.rate,
          "Open loop: this many requests a second, independently of the answers; latency counts from when each was due")
      ->type_name("PER_SECOND");
  bench.add_option("--timeout", options.timeout, "How long to wait for an answer (default 5s)")->type_name("DURATION");
  bench.add_option("--seed", options.seed, "Of the keys; the same seed gives the same requests (default 1)")
      ->type_name("N");
}

void add_bench(CLI::App& app, BenchOptions& options) {
  CLI::App* bench = app.add_subcommand("bench", "Load a running service and measure its answers");
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

void add_health(CLI::App& app, HealthOptions& options) {
  CLI::App* health = app.add_subcommand("health", "Ask a running service whether it is ready for traffic");
  health
      ->add_option("url", options.url,
                   "http://HOST:PORT[/PATH] or HOST:PORT (default: GET /ready where RATEGUARD_HTTP says that the "
                   "service listens, else at 127.0.0.1:8080)")
      ->type_name("URL");
  health->add_option("--timeout", options.timeout, "How long each step of it may take (default 2s)")
      ->type_name("DURATION");
  health->footer(
      "Prints the answer. Exit code 0: it answered 200; 1: it answered something else; 4: it did not answer.\n"
      "For the health check of a container, which needs neither a shell nor curl:\n\n"
      "  HEALTHCHECK CMD [\"/usr/bin/rateguard\", \"health\"]\n"
      "  rateguard health http://127.0.0.1:8080/health");
}

}  // namespace

void define_commands(CLI::App& app, CommandOptions& options) {
  app.formatter(help_formatter());
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Print this help");
  add_serve(app, options.serve);
  add_check(app, options.check);
  add_validate(app, options.validate);
  add_simulate(app, options.simulate);
  add_suggest(app, options.suggest);
  add_bench(app, options.bench);
  add_health(app, options.health);
  define_catalog_commands(app, options.catalog);
  app.add_subcommand("version", "Print the version and what it was built with")
      ->add_flag("--json", options.version_json, "Print it as JSON");
  app.add_subcommand("completion", "Print a completion script for a shell: source <(rateguard completion bash)")
      ->add_option("shell", options.shell, "bash, zsh or fish")
      ->required()
      ->check(one_of("shell"))
      ->type_name("SHELL");
  app.add_subcommand("help", "Explain a command")
      ->add_option("command", options.explained, "The command; without one, all of them")
      ->type_name("COMMAND");
  app.set_version_flag("-V,--version", fmt::format("rateguard {}", version_number()), "Print the version");
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) command->group("Commands");
  check_values(app);
  app.footer(kFooter);  // set last, or commands would get it too
}

}  // namespace rateguard::app
