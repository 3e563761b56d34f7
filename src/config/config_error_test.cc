// What is wrong with a file is said with line, column, what was found and what was expected.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/yaml_tree.h"
#include "rules/rule_check.h"

namespace rateguard::config {
namespace {

std::string message(std::string_view text) {
  const auto config = parse(text, "f");
  return config ? "good" : config.error().to_string();
}

// The message for one rule, written in one line from column 9 on, without the rule's name.
std::string rule_message(std::string_view keys) {
  std::string text = message(fmt::format("rules: [{{name: r, {}}}]", keys));
  constexpr std::string_view kContext = "rule 'r': ";
  for (size_t at = text.find(kContext); at != std::string::npos; at = text.find(kContext)) {
    text.erase(at, kContext.size());
  }
  return text;
}

TEST(ConfigError, Yaml) {
  EXPECT_EQ(message("a: [1, 2"), "f:1:4: this is not valid YAML: a list is not closed, or lacks a comma");
  EXPECT_EQ(message("headers: ietf\n---\nheaders: off\n"),
            "f:2:1: a second document begins here; expected one document");
  EXPECT_EQ(message("headers: ietf\nlog: {}\nheaders: off\n"),
            "f:3:1: the key 'headers' is given twice, first in line 1");
  EXPECT_EQ(message("headers: !secret ietf"),
            "f:1:10: the tag '!secret' is not supported; those of the core schema are, such as !!str and !!int");
  EXPECT_EQ(message("[a]: b"), "f:1:1: a list as a key; expected a name");
  EXPECT_EQ(message("rules: &a [*a]"), "f:1:12: an alias inside the value that it stands for");
  EXPECT_EQ(message("rules: *a").substr(0, 6), "f:1:8:");
  EXPECT_EQ(message("- 1"), "f:1:1: expected a map of settings, found a list");
  EXPECT_EQ(message("headers"), "f:1:1: expected a map of settings, found 'headers'");
}

std::string indented(std::string_view where, std::string_view how) {
  return fmt::format("{}: this is not valid YAML: the indentation does not fit: this line begins in {}", where, how);
}

TEST(ConfigError, YamlMistakesOfEveryDayAreSaidInWords) {
  EXPECT_EQ(message("headers: ietf\n\tlog: {}\n"),
            "f:2:1: this is not valid YAML: a tab indents this line; expected spaces");
  EXPECT_EQ(message("rules:\n  - name: a\n\t  limit: 5/m\n"),
            "f:3:1: this is not valid YAML: a tab indents this line; expected spaces");
  EXPECT_EQ(message("rules:\n  - name: a\n     limit: 5/m\n"),
            indented("f:3:11", "column 6, and a map around it, from line 2 on, in column 5"));
  EXPECT_EQ(message("rules:\n  - name: a\n    limit: 5/m\n     per: ip\n"),
            indented("f:4:9", "column 6, and a map around it, from line 2 on, in column 5"));
  EXPECT_EQ(message("rules:\n  - name: a\n   - name: b\n"),
            indented("f:3:4", "column 4, and a list around it, from line 2 on, in column 3"));
  EXPECT_EQ(message("listen:\n  threads: 2\n   grpc: off\n"),
            indented("f:3:8", "column 4, and a map around it, from line 2 on, in column 3"));
  EXPECT_EQ(message("listen:\n   threads: 2\n  grpc: off\n"),
            indented("f:3:3", "column 3, and a map around it, from line 1 on, in column 1"));
  const std::string star =
      "'*' at the front of a value names an anchor of YAML; put a value that begins with it in "
      "quotes, as in \"*.example.com\"";
  EXPECT_EQ(message("rules:\n  - match:\n      path: *\n"), "f:3:13: this is not valid YAML: " + star);
  EXPECT_EQ(message("rules:\n  - match:\n      host: *.example.com\n"), "f:3:13: this is not valid YAML: " + star);
  EXPECT_EQ(message("data_dir: @home\n"),
            "f:1:11: this is not valid YAML: a value cannot begin with this character; put it in quotes");
  EXPECT_EQ(
      message("data_dir: a: b\n"),
      "f:1:12: this is not valid YAML: a ':' where no key can be; put a value with a colon in quotes, and give each "
      "key a separate line");
}

TEST(ConfigError, MistakesInRulesNameTheRule) {
  EXPECT_EQ(message("rules: [{name: login, limit: 5/m, mode: dry}]"),
            "f:1:41: rule 'login': mode: expected enforce, shadow or off, found 'dry'");
  EXPECT_EQ(message("rules: [{name: a, limit: 5/m}, {name: b, limt: 5/m}, {limit: 5/m}]"),
            "f:1:42: rule 'b': unknown key 'limt' in a rule; did you mean 'limit'?\n"
            "f:1:54: a rule without a name; expected name");
}

TEST(ConfigError, AMisspeltKeyIsOneMistakeNotTwo) {
  EXPECT_EQ(rule_message("limt: 5/m"), "f:1:19: unknown key 'limt' in a rule; did you mean 'limit'?");
  EXPECT_EQ(rule_message("by_plan: {a: {limt: 5/m}}"), "f:1:33: unknown key 'limt' in a plan; did you mean 'limit'?");
  EXPECT_EQ(rule_message("limt: 5/m, limit: 0"),
            "f:1:19: unknown key 'limt' in a rule; did you mean 'limit'?\n"
            "f:1:37: limit: expected a whole number from 1 to 9007199254740991, found '0'");
}

TEST(ConfigError, BytesThatAreNoText) {
  EXPECT_EQ(message("headers: ietf\nx\x04"), "f:2:2: a control character (0x04)");
  EXPECT_EQ(message(std::string_view("a\0b", 3)), "f:1:2: a control character (0x00)");
  EXPECT_EQ(message("\xC3\xA9: \xFF"), "f:1:4: this is not UTF-8 text");
  for (const char* bad :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xC3", "\xE2\x82", "\x80", "\x7F"}) {
    EXPECT_EQ(message(bad).substr(0, 6), "f:1:1:");
  }
}

TEST(ConfigError, Bombs) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs +=
        fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_TRUE(message(laughs).contains("more than 4000000 values")) << message(laughs);
  EXPECT_EQ(message("a: " + std::string(40, '[')).substr(0, 2), "f:");
  EXPECT_EQ(message("a: " + std::string(32, '[') + std::string(32, ']')), "f:1:35: more than 32 levels of nesting");
  EXPECT_FALSE(message(std::string(100'000, '[')).empty());
  EXPECT_FALSE(message(std::string(100'000, '{')).empty());
  EXPECT_EQ(message(std::string(kYamlBytesMax + 1, ' ')), "f: 16777217 bytes; at most 16777216 are read");
}

// As many values as the largest number of rules has, written as people write them.
TEST(ConfigError, TheLargestNumberOfRulesFitsOneFile) {
  std::string text =
      "x-shared: &shared {per: ip, algorithm: sliding_window_log, missing: skip, mode: shadow}\nrules:\n";
  for (size_t i = 0; i < rules::kRulesMax; ++i) {
    text +=
        fmt::format("  - {{<<: *shared, name: r{0}, match: {{methods: [GET, POST], path: /a{0}}}, limit: 5/m}}\n", i);
  }
  const auto config = parse(text, "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules.size(), rules::kRulesMax);
  std::string one_more = "rules: [";
  for (size_t i = 0; i <= rules::kRulesMax; ++i) one_more += "~,";
  EXPECT_EQ(message(one_more + "]"), "f:1:8: 100001 rules; at most 100000 are possible");
}

TEST(ConfigError, ACatalogsUrlIsNeverShown) {
  EXPECT_EQ(message("catalog: {url: 'mysql://root:secret@h/d'}"),
            "f:1:16: catalog.url: expected sqlite:FILE, postgres://USER@HOST/DATABASE or off");
  EXPECT_EQ(message("catalog: {url: 'sqlite:'}"),
            "f:1:16: catalog.url: expected sqlite:FILE, postgres://USER@HOST/DATABASE or off");
  EXPECT_EQ(message("catalog: {stale_max: 1s}"),
            "f:1:22: catalog.stale_max: expected a duration, 2s to 1h, found '1s'");
}

TEST(ConfigError, Settings) {
  EXPECT_EQ(message("listne: {}"), "f:1:1: unknown key 'listne' in the file; did you mean 'listen'?");
  EXPECT_EQ(
      message("zzz: 1"),
      "f:1:1: unknown key 'zzz' in the file; expected one of listen, stores, identity, catalog, admin, headers, log, "
      "envoy, data_dir, rules");
  EXPECT_EQ(message("listen.http: a:1"),
            "f:1:1: unknown key 'listen.http' in the file; expected one of listen, stores, identity, catalog, admin, "
            "headers, "
            "log, envoy, data_dir, rules");
  EXPECT_EQ(message("listen:\n  thread: 1"), "f:2:3: unknown key 'thread' in listen; did you mean 'threads'?");
  EXPECT_EQ(message("listen: 8080"), "f:1:9: listen: expected a map, found '8080'");
  EXPECT_EQ(message("listen: {threads: 1025}"),
            "f:1:19: listen.threads: expected a whole number from 0 to 1024, found '1025'");
  EXPECT_EQ(message("listen: {threads: '4'}"), "f:1:19: listen.threads: expected 0 to 1024, without quotes");
  EXPECT_EQ(message("listen: {threads: [4]}"), "f:1:19: listen.threads: expected one value (0 to 1024), found a list");
  EXPECT_EQ(message("listen:\n  threads:\n  tokens: [a]"),
            "f:2:3: listen.threads: expected one value (0 to 1024), found nothing");
  EXPECT_EQ(message("listen: {proxy_protocol: yes}"),
            "f:1:26: listen.proxy_protocol: expected true or false, found 'yes'");
  EXPECT_EQ(message("listen: {idle_timeout: 25h}"),
            "f:1:24: listen.idle_timeout: expected a duration, 10ms to 24h, found '25h'");
  EXPECT_EQ(message("listen: {trusted_proxies: [10.0.0.0/8, x]}").substr(0, 32), "f:1:40: listen.trusted_proxies: ");
  EXPECT_EQ(message("listen: {tokens: [ok, 'not ok']}"),
            "f:1:23: listen.tokens: expected a token: printable ASCII without spaces");
  EXPECT_EQ(message("listen: {tls: {key: k}}"),
            "f:1:15: listen.tls.certificate is missing; a certificate and its key go together");
  EXPECT_EQ(message("listen: {tls: {client_ca: k}}"),
            "f:1:15: listen.tls.certificate is missing; clients can only show theirs over TLS");
  EXPECT_EQ(message("log: {level: loud}"), "f:1:14: log.level: expected debug, info, warn or error, found 'loud'");
  EXPECT_EQ(message("stores: {shared: {type: redsi, url: x}}"),
            "f:1:25: stores.shared.type: expected memory or redis, found 'redsi'");
  EXPECT_EQ(message("stores: {eu-west: {}, eu_west: {type: redis}}"),
            "f:1:9: stores.eu-west and stores.eu_west would have the same variables (RATEGUARD_STORES_EU_WEST_TYPE); "
            "expected names that differ in letters and digits");
  EXPECT_EQ(message("stores: {a: {max_key: 1}}"), "f:1:14: unknown key 'max_key' in a store; did you mean 'max_keys'?");
  EXPECT_EQ(message("stores: {a: {max_keys: 0}}"),
            "f:1:24: stores.a.max_keys: expected a whole number from 1 to 4000000000, found '0'");
  EXPECT_EQ(message("stores: {'a b': {}}"),
            "f:1:10: 'a b' is not a valid store name; expected 1 to 64 letters, digits, '-' and '_'");
  EXPECT_EQ(message("identity: {user: ip}").substr(0, 23), "f:1:18: identity.user: ");
}

TEST(ConfigError, RedisStores) {
  const auto redis = [](std::string_view settings) {
    return message(fmt::format("stores: {{a: {{type: redis, {}}}}}", settings));
  };
  EXPECT_TRUE(
      redis("url: x").starts_with("f:1:32: stores.a.url: not a Redis URL: the scheme is missing; expected redis://"));
  EXPECT_FALSE(redis("url: 'redis://me:hunter2@a:b'").contains("hunter2"));
  EXPECT_FALSE(redis("cluster: ['redis://me:hunter2@a', 'redis://me:hunter3@b']").contains("hunter"));
  EXPECT_EQ(redis("deadlin: 5ms"), "f:1:27: unknown key 'deadlin' in a store; did you mean 'deadline'?");
  EXPECT_EQ(redis("url: [a]"),
            "f:1:32: stores.a.url: expected one value (redis://, rediss:// or unix://), found a list");
  EXPECT_EQ(redis("snapshot: x"), "f:1:27: stores.a.snapshot goes with type: memory");
  EXPECT_EQ(message("stores: {a: {deadline: 5ms}}"), "f:1:14: stores.a.deadline goes with type: redis");
  EXPECT_EQ(message("stores: {a: {breaker: {failures: 5}}}"),
            "f:1:24: stores.a.breaker.failures goes with type: redis");
  EXPECT_EQ(redis("breaker: 5"), "f:1:36: stores.a.breaker: expected a map, found '5'");
  EXPECT_EQ(redis("breaker: {failure: 5}"),
            "f:1:37: unknown key 'failure' in stores.a.breaker; did you mean 'failures'?");
  EXPECT_EQ(redis("breaker: {failures: 0}"),
            "f:1:47: stores.a.breaker.failures: expected a whole number from 1 to 1000, found '0'");
  EXPECT_EQ(redis("deadline: 999us").substr(0, 27), "f:1:37: stores.a.deadline: ");
  EXPECT_EQ(redis("deadline: 11s"), "f:1:37: stores.a.deadline: expected a duration, 1ms to 10s, found '11s'");
  EXPECT_EQ(redis("prefix: '{rg}'"),
            "f:1:35: stores.a.prefix: expected 1 to 64 letters, digits, '-', '_', '.' and ':'");
  EXPECT_EQ(redis("prefix: ''"), "f:1:35: stores.a.prefix: expected 1 to 64 letters, digits, '-', '_', '.' and ':'");
  EXPECT_EQ(redis("service: 'my master'"), "f:1:36: stores.a.service: expected printable ASCII without spaces");
  EXPECT_EQ(redis("on_store_failure: open"),
            "f:1:45: stores.a.on_store_failure: expected allow, deny or local, found 'open'");
}

TEST(ConfigError, ARedisStoresSettingsMustAgree) {
  const auto redis = [](std::string_view settings) {
    const std::string text = message(fmt::format("stores: {{a: {{type: redis, {}}}}}", settings));
    return text.starts_with("f:1:13: ") ? text.substr(8) : "elsewhere: " + text;
  };
  EXPECT_EQ(redis("url: 'redis://h', sentinels: 'redis://h', service: m"),
            "stores.a: both url and sentinels; expected one of url, sentinels and cluster");
  EXPECT_EQ(redis("url: 'redis://h', cluster: 'redis://h'"),
            "stores.a: both url and cluster; expected one of url, sentinels and cluster");
  EXPECT_EQ(redis("sentinels: 'redis://h'"),
            "stores.a.service is missing; expected the name that the Sentinels have for it");
  EXPECT_EQ(redis("url: 'redis://h', service: m"), "stores.a.service goes with sentinels");
  EXPECT_EQ(redis("cluster: ['redis://h', 'unix:///s']"),
            "stores.a.cluster: expected redis:// or rediss://, found a Unix socket");
  EXPECT_EQ(redis("cluster: ['redis://h', 'rediss://i']"),
            "stores.a.cluster: redis:// and rediss:// in one list; TLS is used everywhere or nowhere");
  EXPECT_EQ(redis("cluster: ['redis://:p@h', 'redis://:q@i']"),
            "stores.a.cluster: different users or passwords; every node of a cluster has the same login");
  EXPECT_EQ(redis("cluster: 'redis://h/1'"), "stores.a.cluster: redis://h:6379/1 has a database; expected none");
  EXPECT_EQ(redis("cluster: 'redis://h', database: 1"), "stores.a.cluster: a Redis Cluster has no database but 0");
  EXPECT_EQ(redis("sentinels: 'redis://h/1', service: m"),
            "stores.a.sentinels: redis://h:6379/1 has a database; expected none");
  EXPECT_EQ(redis("url: 'redis://h', tls: {ca: f}"),
            "stores.a.tls: expected a rediss:// URL beside it; without one there is no TLS");
  EXPECT_EQ(redis("url: 'redis://h', tls_server_name: h"),
            "stores.a.tls_server_name: expected a rediss:// URL beside it; without one there is no TLS");
  for (const char* const name : {"h:6379", "-h", "two words", "rediss://h"}) {
    EXPECT_TRUE(message(fmt::format("stores: {{a: {{type: redis, url: 'rediss://h', tls_server_name: '{}'}}}}", name))
                    .contains("stores.a.tls_server_name: expected a host name or an IP address, without a port"))
        << name;
  }
  EXPECT_EQ(redis("url: 'rediss://h', tls: {key: f}"),
            "stores.a.tls.certificate is missing; a certificate and its key go together");
}

TEST(ConfigError, Rules) {
  EXPECT_EQ(message("rules: {}"), "f:1:8: expected a list of rules, found a map");
  EXPECT_EQ(message("rules: [5/m]"), "f:1:9: expected a rule (a map with name and limit), found '5/m'");
  EXPECT_EQ(message("rules: [{limit: 5/m}]"), "f:1:9: a rule without a name; expected name");
  EXPECT_EQ(message("rules:\n- {name: a, limit: 5/m}\n- {name: a, limit: 5/m}"),
            "f:3:10: there is a rule named 'a' already, in line 2");
  EXPECT_EQ(message("rules: [{name: 'a\"', limit: 5/m}]"),
            "f:1:16: a rule's name is 1 to 128 printable ASCII characters without quotes and backslashes");
  EXPECT_EQ(rule_message("limit: 5/m, match: /x"), "f:1:38: expected a map such as {path: /login}, found '/x'");
  EXPECT_EQ(rule_message("limit: 5/m, match: {path: x}"), "f:1:45: bad path 'x': it must begin with '/'");
  EXPECT_EQ(rule_message("limit: 5/m, match: {path: []}"),
            "f:1:45: expected a path such as /login, found an empty list");
  EXPECT_EQ(rule_message("limit: 5/m, match: {path: /a, paths: [/b]}"),
            "f:1:56: both path and paths; expected one of them");
  EXPECT_EQ(rule_message("limit: 5/m, match: {hosts: [a, 'a:80']}"),
            "f:1:50: bad host 'a:80'; ports and final dots are not compared: a");
  EXPECT_EQ(rule_message("limit: 5/m, match: {method: G T}"),
            "f:1:47: bad method 'G T'; expected an HTTP method such as GET");
  EXPECT_EQ(rule_message("limit: 5/m, match: {methods: ['*']}"),
            "f:1:49: bad method '*'; leave method out for every method");
  EXPECT_EQ(rule_message("limit: 5/m, match: {method: any}"),
            "f:1:47: bad method 'ANY'; leave method out for every method");
  EXPECT_EQ(rule_message("limit: 5/m, match: {method: '!GET'}"),
            "f:1:47: bad method '!GET'; for every method but GET write not_method: GET");
  for (const char* several : {"GET|POST", "'GET,POST'"}) {
    EXPECT_TRUE(rule_message(fmt::format("limit: 5/m, match: {{method: {}}}", several))
                    .ends_with("'; several methods are a list: [GET, POST]"));
  }
  EXPECT_EQ(rule_message("limit: 5/m, match: {method: m-search}"), "good");
  EXPECT_EQ(rule_message("limit: 5/m, match: {path: '/users/:id'}"),
            "f:1:45: bad path '/users/:id': ':id' would be compared letter by letter; write /users/{id}");
  EXPECT_EQ(rule_message("limit: 5/m, match: {port: 1}"), "f:1:39: unknown key 'port' in match; did you mean 'host'?");
  EXPECT_EQ(rule_message("limit: 5/m, per: [ip, ip]"), "f:1:36: 'ip' is given twice");
  EXPECT_EQ(rule_message("limit: 5/m, per: sessoin").substr(0, 33), "f:1:36: cannot count by 'sessoin'");
  EXPECT_EQ(rule_message("limit: 5/m, store: other"), "f:1:38: there is no store 'other' in stores");
  EXPECT_EQ(message("stores: {a: {}}\nrules: [{name: n, limit: 5/m}]"),
            "f:2:9: rule 'n': store is missing; there is no store 'default' in stores");
  EXPECT_EQ(rule_message("limit: 5/m, mode: dry"), "f:1:37: mode: expected enforce, shadow or off, found 'dry'");
  EXPECT_EQ(rule_message("limit: 5/m, missing: allow"), "f:1:40: missing: expected reject, ip or skip, found 'allow'");
  EXPECT_EQ(rule_message("limit: 5/m, on_store_failure: open"),
            "f:1:49: on_store_failure: expected allow, deny or local, found 'open'");
  EXPECT_EQ(rule_message("limit: 5/m, consistency: eventual"),
            "f:1:44: consistency: expected exact, lease or sync, found 'eventual'");
}

TEST(ConfigError, Limits) {
  EXPECT_EQ(rule_message("mode: off"), "f:1:9: limit is missing; expected N/period, such as 5/m");
  EXPECT_EQ(rule_message("limit: 5"), "f:1:26: limit: 5 leaves out the period; expected window beside it, or 5/period");
  EXPECT_EQ(rule_message("limit: 0"), "f:1:26: limit: expected a whole number from 1 to 9007199254740991, found '0'");
  EXPECT_EQ(rule_message("limit: 5/x").substr(0, 41), "f:1:26: limit: '5/x' is not a limit; expe");
  EXPECT_EQ(rule_message("limit: [5/m]"), "f:1:26: limit: expected one value, found a list");
  EXPECT_EQ(rule_message("limit: 5/m, window: 1m"), "f:1:39: the period is given twice, in limit and in window");
  EXPECT_EQ(rule_message("limit: 5/m burst 3, burst: 3"), "f:1:46: burst is given twice, in limit and on its own");
  EXPECT_EQ(rule_message("window: 1m"), "f:1:9: limit is missing; expected N/period, such as 5/m");
  EXPECT_EQ(rule_message("limit: 5, window: 0s"), "f:1:37: window: expected a duration from 1ms to 366d, found '0s'");
  EXPECT_EQ(rule_message("capacity: 5"), "f:1:9: refill is missing");
  EXPECT_EQ(rule_message("refill: 5"), "f:1:9: capacity is missing");
  EXPECT_EQ(rule_message("capacity: '5', refill: 1"), "f:1:29: capacity: expected a number without quotes");
  EXPECT_EQ(rule_message("limit: 5/m, capacity: 3"),
            "f:1:41: capacity is given besides limit; expected burst beside limit, or capacity and refill");
  EXPECT_EQ(rule_message("limit: 5/m, refill: 3"), "f:1:39: refill is given besides limit; expected one of them");
  EXPECT_EQ(
      rule_message("limit: 5/m, queue: 3"),
      "f:1:38: queue does not go with token_bucket, which takes limit, window, burst, capacity, refill, overdraft");
  EXPECT_EQ(rule_message("algorithm: sliding_window_log, limit: 5/m, burst: 3"),
            "f:1:69: burst does not go with sliding_window_log, which takes limit, window, overdraft");
  EXPECT_EQ(rule_message("algorithm: sliding_window_counter, limit: 5/m burst 3"),
            "f:1:61: sliding_window_counter has no burst");
  EXPECT_EQ(rule_message("algorithm: leaky_bucket, limit: 5/m burst 3"),
            "f:1:51: a leaky bucket has no burst; expected queue beside limit");
  EXPECT_EQ(rule_message("algorithm: gcra, rate: 5/m"), "f:1:9: burst is missing");
  EXPECT_EQ(rule_message("algorithm: gcra, rate: 5/m, burst: 1, limit: 5/m"),
            "f:1:42: rate is given besides limit; expected one of them");
  EXPECT_EQ(rule_message("algorithm: concurrency, limit: 5/m"),
            "f:1:50: concurrency has no period; expected limit as a number alone");
  EXPECT_EQ(rule_message("algorithm: concurrency, limit: 5"),
            "f:1:9: hold is missing; expected how long a unit is held at most, such as 30s");
  EXPECT_EQ(rule_message("algorithm: fixed_window, limit: 5/m, time_zone: UTC"),
            "f:1:67: time_zone needs an anchor of day, week, month or year");
  EXPECT_EQ(rule_message("algorithm: fixed_window, limit: 5/h, anchor: month"),
            "f:1:51: the anchor gives the period; expected limit as a number alone");
  EXPECT_EQ(rule_message("algorithm: fixed_window, limit: 5, anchor: month, time_zone: Mars/Base").substr(0, 8),
            "f:1:80: ");
  EXPECT_EQ(rule_message("algorithm: bucket, limit: 5/m").substr(0, 48),
            "f:1:30: algorithm: unknown algorithm 'bucket'; e");
  EXPECT_EQ(rule_message("capacity: 4294967295, refill: 1/366d").substr(0, 8), "f:1:29: ");
}

TEST(ConfigError, Plans) {
  EXPECT_EQ(
      rule_message("limit: 5/m, by_plan: {a: 5/m}"),
      "f:1:40: both limit and by_plan; expected one of them (the plan 'default' serves plans that are not named)");
  EXPECT_EQ(rule_message("by_plan: {}"), "f:1:28: by_plan: expected a map of plans to limits, found an empty one");
  EXPECT_EQ(rule_message("by_plan: [5/m]"), "f:1:28: by_plan: expected a map of plans to limits, found a list");
  EXPECT_EQ(rule_message("by_plan: {a: 5}"),
            "f:1:32: limit: 5 leaves out the period; expected window beside it, or 5/period");
  EXPECT_EQ(rule_message("by_plan: {a: [5/m]}"),
            "f:1:32: expected a limit such as 1000/day, or unlimited, found a list");
  EXPECT_EQ(rule_message("by_plan: {a: 5/m, a: 6/m}"), "f:1:37: the key 'a' is given twice, first in line 1");
}

TEST(ConfigError, AllAreReportedInOrderUpToABound) {
  EXPECT_EQ(message("headers: on\nlog: {level: x}\nlisten: {threads: -1}\n"),
            "f:1:10: headers: expected ietf, draft7, draft6, draft03, legacy or off, found 'on'\n"
            "f:2:14: log.level: expected debug, info, warn or error, found 'x'\n"
            "f:3:19: listen.threads: expected a whole number from 0 to 1024, found '-1'");
  std::string many = "rules:\n";
  for (int i = 0; i < 100'000; ++i) many += "- {}\n";
  const std::string all = message(many);
  EXPECT_LT(std::ranges::count(all, '\n'), 25);
  EXPECT_TRUE(all.ends_with("and perhaps more; the rest was not read")) << all;
}

}  // namespace
}  // namespace rateguard::config
