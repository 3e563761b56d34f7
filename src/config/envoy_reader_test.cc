#include "config/envoy_reader.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace rateguard::config {
namespace {

namespace fs = std::filesystem;

// What keeps a file from being loaded, "good" where nothing does.
std::string problem(std::string_view yaml) {
  auto spec = parse_envoy(yaml, "f");
  if (!spec) return spec.error().to_string();
  const auto limits = envoy::RateLimits::compile({std::move(*spec)}, envoy::SameDomain::kRejected);
  return limits ? "good" : limits.error().to_string();
}

// The same of a rate_limit's fields, which begin in line 5, column 7.
std::string limit_problem(const std::string& fields) {
  return problem("domain: d\ndescriptors:\n  - key: k\n    rate_limit:\n      " + fields);
}

TEST(EnvoyReader, EveryKey) {
  const auto spec = parse_envoy(R"(
domain: edge
descriptors:
  # a comment
  - key: a
    value: x*
    shadow_mode: true
    quota_mode: yes
    detailed_metric: on
    value_to_metric: True
    share_threshold: true
    metadata: {text: t, number: 1.5, truth: true, nothing: ~, quoted: "1", list: [1, {a: b}]}
    rate_limit:
      name: one
      unit: Minute
      requests_per_unit: 1_000
      replaces: [{name: two}, {name: three}]
    descriptors:
      - key: b
        rate_limit: {unlimited: true, name: two}
      - key: c
        value: 404
        rate_limit:
)",
                                "f");
  ASSERT_TRUE(spec.has_value()) << spec.error().to_string();
  EXPECT_EQ(spec->domain, "edge");
  EXPECT_FALSE(spec->atomic);
  ASSERT_EQ(spec->descriptors.size(), 1u);
  const envoy::DescriptorSpec& a = spec->descriptors[0];
  EXPECT_EQ(a.key, "a");
  EXPECT_EQ(a.value, "x*");
  EXPECT_TRUE(a.shadow_mode && a.quota_mode && a.detailed_metric && a.value_to_metric && a.share_threshold);
  EXPECT_EQ(a.position, (SourcePosition{.file = "f", .line = 5, .column = 10}));
  ASSERT_TRUE(a.rate_limit && a.rate_limit->limit);
  EXPECT_EQ(*a.rate_limit->limit, Limit::fixed_window(1'000, Duration::seconds(60)).value());
  EXPECT_EQ(a.rate_limit->unit, envoy::Unit::kMinute);
  EXPECT_EQ(a.rate_limit->name, "one");
  EXPECT_EQ(a.rate_limit->replaces, (std::vector<std::string>{"two", "three"}));
  ASSERT_TRUE(a.metadata);
  EXPECT_EQ(a.metadata->find("text")->text, "t");
  EXPECT_EQ(a.metadata->find("number")->number, 1.5);
  EXPECT_TRUE(a.metadata->find("truth")->boolean);
  EXPECT_EQ(a.metadata->find("nothing")->kind, envoy::ValueKind::kNull);
  EXPECT_EQ(a.metadata->find("quoted")->text, "1");
  EXPECT_EQ(a.metadata->find("list")->items[1].find("a")->text, "b");
  ASSERT_EQ(a.descriptors.size(), 2u);
  EXPECT_TRUE(a.descriptors[0].rate_limit->unlimited);
  EXPECT_EQ(a.descriptors[1].value, "404");
  EXPECT_FALSE(a.descriptors[1].rate_limit);
}

TEST(EnvoyReader, WhatRateGuardAdds) {
  const auto spec = parse_envoy(R"(
domain: edge
atomic: true
descriptors:
  - {key: a, rate_limit: {unit: 30s, requests_per_unit: 5, algorithm: token_bucket, burst: 20, on_store_failure: deny}}
  - {key: b, rate_limit: {unit: hour, requests_per_unit: 5, algorithm: sliding_window}}
  - {key: c, rate_limit: {unit: 60s, requests_per_unit: 5, algorithm: gcra}}
  - {key: d, rate_limit: {unit: 250ms, requests_per_unit: 5}}
)",
                                "f");
  ASSERT_TRUE(spec.has_value()) << spec.error().to_string();
  EXPECT_TRUE(spec->atomic);
  const auto& a = *spec->descriptors[0].rate_limit;
  EXPECT_EQ(*a.limit, Limit::token_bucket(20, {.units = 5, .period = Duration::seconds(30)}).value());
  EXPECT_EQ(a.unit, envoy::Unit::kUnknown);
  EXPECT_EQ(a.on_store_failure, rules::OnStoreFailure::kDeny);
  EXPECT_EQ(*spec->descriptors[1].rate_limit->limit, Limit::sliding_window_log(5, Duration::seconds(3'600)).value());
  const auto& c = *spec->descriptors[2].rate_limit;
  EXPECT_EQ(*c.limit, Limit::gcra(5, {.units = 5, .period = Duration::seconds(60)}).value());
  EXPECT_EQ(c.unit, envoy::Unit::kMinute);
  EXPECT_EQ(spec->descriptors[3].rate_limit->period, Duration::millis(250));
}

TEST(EnvoyReader, ALimitNamesAnExistingStore) {
  const std::string yaml = R"(
domain: edge
descriptors:
  - {key: a, rate_limit: {unit: hour, requests_per_unit: 5}}
  - {key: b, rate_limit: {unit: hour, requests_per_unit: 5, store: region}}
  - {key: c, rate_limit: {unit: hour, requests_per_unit: 5, store: global}}
)";
  const std::vector<std::string> stores = {"global", "region"};
  const auto spec = parse_envoy(yaml, "f", stores);
  ASSERT_TRUE(spec.has_value()) << spec.error().to_string();
  EXPECT_EQ(spec->descriptors[0].rate_limit->store, 0);
  EXPECT_EQ(spec->descriptors[1].rate_limit->store, 1);
  EXPECT_EQ(spec->descriptors[2].rate_limit->store, 0);
  EXPECT_EQ(limit_problem("unit: day\n      store: region"),
            "f:6:14: there is no store 'region' in stores of RateGuard's own configuration; expected default");
  EXPECT_EQ(limit_problem("unit: day\n      store: default"), "good");
  EXPECT_EQ(limit_problem("unlimited: true\n      store: default"), "f:6:14: should not specify store when unlimited");
}

TEST(EnvoyReader, RejectsWhatEnvoyproxyRejects) {
  EXPECT_EQ(problem(""), "f:1:1: config file cannot have empty domain");
  EXPECT_EQ(problem("descriptors: []"), "f:1:1: config file cannot have empty domain");
  EXPECT_EQ(problem("domain: ''"), "f:1:9: config file cannot have empty domain");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - value: v"), "f:3:5: descriptor has empty key");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - key: ''"), "f:3:10: descriptor has empty key");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - {key: k, value: v}\n  - {key: k, value: v}"),
            "f:4:11: duplicate descriptor composite key 'd.k_v'");
  EXPECT_EQ(problem("domain: d\nzzzzzzz: 1"), "f:2:1: config error, unknown key 'zzzzzzz'");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - ke: k\n    key: k"),
            "f:3:5: config error, unknown key 'ke'; did you mean 'key'?");
  EXPECT_EQ(limit_problem("unit: day\n      requests_per_units: 5"),
            "f:6:7: config error, unknown key 'requests_per_units'; did you mean 'requests_per_unit'?");
  EXPECT_EQ(problem("domain: d\n25: a"), "f:2:1: config error, key is not of type string: 25");
  EXPECT_EQ(problem("domain: d\ntrue: a"), "f:2:1: config error, key is not of type string: true");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - a\n  - [b]\n  - 5"),
            "f:3:5: config error, yaml file contains list of type other than map: 'a'\n"
            "f:4:5: config error, yaml file contains list of type other than map: a list\n"
            "f:5:5: config error, yaml file contains list of type other than map: '5'");
  EXPECT_EQ(limit_problem("unit: day\n      requests_per_unit: 5\n      replaces: [x]"),
            "f:7:18: config error, yaml file contains list of type other than map: 'x'");
  EXPECT_EQ(limit_problem("unit: fortnight\n      requests_per_unit: 5"),
            "f:5:13: invalid rate limit unit 'fortnight'; expected second, minute, hour, day, week, month, year or a "
            "period such as 30s");
  EXPECT_EQ(limit_problem("unit: unknown").substr(0, 43), "f:5:13: invalid rate limit unit 'unknown'; ");
  EXPECT_EQ(limit_problem("requests_per_unit: 5").substr(0, 35), "f:5:7: invalid rate limit unit ''; ");
  EXPECT_EQ(limit_problem("unlimited: true\n      unit: day"),
            "f:6:13: should not specify rate limit unit when unlimited");
  EXPECT_EQ(limit_problem("unit: day\n      name: n\n      replaces: [{name: n}]"),
            "f:3:10: replaces should not contain name of same descriptor");
  EXPECT_EQ(limit_problem("unit: day\n      replaces: [{name: ''}]"),
            "f:3:10: should not have an empty replaces entry");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - {key: k, value: v, share_threshold: true}"),
            "f:3:11: share_threshold can only be used with wildcard values (with '*'), but found key 'k_v'");
  EXPECT_EQ(problem("domain: [").substr(0, 34), "f:1:9: error loading config file: ");
  EXPECT_EQ(problem("domain: d\ndomain: e"),
            "f:2:1: error loading config file: the key 'domain' is given twice, first in line 1");
  EXPECT_EQ(problem("- a"), "f:1:1: expected a map with domain and descriptors, found a list");
  EXPECT_EQ(problem("domain: d\ndescriptors: {key: k}"), "f:2:14: descriptors: expected a list of maps, found a map");
  EXPECT_EQ(problem("domain: [d]"), "f:1:9: domain: expected a text, found a list");
  EXPECT_EQ(limit_problem("unit: day\n      requests_per_unit: -1"),
            "f:6:26: requests_per_unit: expected a whole number from 0 to 4294967295, found '-1'");
  EXPECT_EQ(limit_problem("unit: day\n      requests_per_unit: 4294967296").substr(0, 25), "f:6:26: requests_per_unit");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - key: k\n    shadow_mode: \"true\""),
            "f:4:18: shadow_mode: expected true or false, found 'true'");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - key: k\n    metadata: 5"),
            "f:4:15: metadata: expected a map, found '5'");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - key: k\n    rate_limit: 5"),
            "f:4:17: rate_limit: expected a map, found '5'");
}

// The units of a limit whose requests_per_unit is `written`, 0 where it is refused.
uint64_t units(const std::string& written) {
  const auto spec = parse_envoy(
      "domain: d\ndescriptors: [{key: k, rate_limit: {unit: hour, requests_per_unit: " + written + "}}]", "f");
  return spec ? spec->descriptors[0].rate_limit->requests_per_unit : 0;
}

// Each value as gopkg.in/yaml.v2 v2.4.0 reads it into a uint32.
TEST(EnvoyReader, NumbersAreThoseThatThePeerReads) {
  const std::pair<const char*, uint64_t> kWritten[] = {
      {"5", 5},           {"+5", 5},        {"0x10", 16},     {"0X1f", 31},   {"010", 8},
      {"0o17", 15},       {"0b11", 3},      {"1_000", 1000},  {"1e3", 1000},  {"5.0", 5},
      {"5.", 5},          {".5e1", 5},      {"08", 8},        {"+0x10", 16},  {"0x1_0", 16},
      {"!!int \"5\"", 5}, {"!!float 5", 5}, {"\"5\"", 0},     {"!!str 5", 0}, {"1:30", 0},
      {"0xG", 0},         {"+", 0},         {"!!int 5.0", 0}, {"-5", 0},      {"4294967296", 0}};
  for (const auto& [written, value] : kWritten) EXPECT_EQ(units(written), value) << written;
  EXPECT_EQ(limit_problem("unit: day\n      requests_per_unit: 5.7"),
            "f:6:26: requests_per_unit: expected a whole number from 0 to 4294967295, found '5.7'");
}

TEST(EnvoyReader, ALimitMayTakeDebt) {
  const auto spec = parse_envoy(
      "domain: d\ndescriptors: [{key: k, rate_limit: {unit: hour, requests_per_unit: 5, overdraft: true}}]", "f");
  ASSERT_TRUE(spec.has_value()) << spec.error().to_string();
  EXPECT_TRUE(spec->descriptors[0].rate_limit->limit->overdraft);
  EXPECT_EQ(limit_problem("{unit: hour, requests_per_unit: 0, overdraft: true}"),
            "f:5:7: overdraft does not go with requests_per_unit: 0, which bans");
  EXPECT_EQ(limit_problem("{unlimited: true, overdraft: true}"), "f:5:36: should not specify overdraft when unlimited");
  EXPECT_EQ(limit_problem("{unit: hour, requests_per_unit: 5, overdraft: maybe}"),
            "f:5:53: overdraft: expected true or false, found 'maybe'");
}

TEST(EnvoyReader, AMergeKeyBringsTheFieldsOfAnAnchor) {
  const auto spec = parse_envoy(R"(
domain: d
descriptors:
  - {key: a, rate_limit: &l {unit: minute, requests_per_unit: 5}}
  - {key: b, rate_limit: {<<: *l, requests_per_unit: 9}}
  - {key: c, rate_limit: {<<: [{unit: !!str hour}, *l]}}
)",
                                "f");
  ASSERT_TRUE(spec.has_value()) << spec.error().to_string();
  EXPECT_EQ(*spec->descriptors[1].rate_limit->limit, Limit::fixed_window(9, Duration::seconds(60)).value());
  EXPECT_EQ(*spec->descriptors[2].rate_limit->limit, Limit::fixed_window(5, Duration::seconds(3'600)).value());
}

// There the merged field wins, in other parsers the map's own.
TEST(EnvoyReader, AFieldBeforeTheMergeKeyThatBringsItTooIsRefused) {
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - {key: a, rate_limit: &l {unit: minute, requests_per_unit: 5}}\n"
                    "  - {key: b, rate_limit: {requests_per_unit: 9, <<: *l}}"),
            "f:4:27: error loading config file: the key 'requests_per_unit' stands before the '<<' that brings it "
            "too, and YAML parsers disagree on which of the two counts; write '<<' first");
}

TEST(EnvoyReader, RejectsAKeyInTheWrongPlace) {
  EXPECT_EQ(limit_problem("unit: day\n      shadow_mode: true"),
            "f:6:7: config error, key 'shadow_mode' does nothing in a rate_limit; it belongs in a descriptor");
  EXPECT_EQ(problem("domain: d\ndescriptors:\n  - key: k\n    unit: day"),
            "f:4:5: config error, key 'unit' does nothing in a descriptor; it belongs in a rate_limit");
  EXPECT_EQ(problem("domain: d\nkey: k"),
            "f:2:1: config error, key 'key' does nothing in a file; it belongs in a descriptor");
}

TEST(EnvoyReader, RejectsWhatItsOwnKeysCannotBe) {
  EXPECT_EQ(limit_problem("{unit: day, requests_per_unit: 5, algorithm: magic}").substr(0, 33),
            "f:5:52: unknown algorithm 'magic'");
  EXPECT_EQ(limit_problem("{unit: day, requests_per_unit: 5, burst: 9}"),
            "f:5:48: burst does not go with fixed_window; it is for token_bucket and gcra");
  EXPECT_EQ(limit_problem("{unit: day, requests_per_unit: 5, algorithm: leaky_bucket}").substr(0, 38),
            "f:5:52: leaky_bucket is not for Envoy,");
  EXPECT_EQ(limit_problem("{unit: day, requests_per_unit: 5, algorithm: concurrency}").substr(0, 37),
            "f:5:52: concurrency is not for Envoy,");
  EXPECT_EQ(limit_problem("{unit: day, requests_per_unit: 0, algorithm: gcra, burst: 1}"),
            "f:5:7: burst does not go with requests_per_unit: 0, which bans");
  EXPECT_EQ(limit_problem("{unit: 30, requests_per_unit: 5}").substr(0, 41),
            "f:5:14: invalid rate limit unit '30'; exp");
  EXPECT_EQ(limit_problem("{unit: 500d, requests_per_unit: 5}").substr(0, 38),
            "f:5:14: invalid rate limit unit '500d'");
  EXPECT_EQ(limit_problem("{unlimited: true, algorithm: gcra}"), "f:5:36: should not specify algorithm when unlimited");
  EXPECT_EQ(limit_problem("{unit: day, on_store_failure: panic}"),
            "f:5:37: on_store_failure: expected allow, deny or local, found 'panic'");
  EXPECT_EQ(problem("domain: d\natomic: true\ndescriptors:\n  - {key: k, quota_mode: true}").substr(0, 42),
            "f:4:11: quota_mode does not go with atomic");
}

TEST(EnvoyReader, NestingIsBounded) {
  std::string yaml = "domain: d\ndescriptors: ";
  for (int i = 0; i < 40; ++i) yaml += "[{key: k, descriptors: ";
  EXPECT_TRUE(problem(yaml).contains("levels of nesting")) << problem(yaml);
}

class EnvoyFiles : public testing::Test {
 protected:
  EnvoyFiles() {
    std::string pattern = testing::TempDir() + "envoy-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~EnvoyFiles() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ / name) << text; }
  std::string load(envoy::SameDomain same_domain = envoy::SameDomain::kRejected, const std::string& name = "") {
    const auto limits = load_envoy((directory_ / name).string(), same_domain);
    if (limits) return std::to_string((*limits)->domains()) + " domains";
    std::string text = limits.error().to_string();
    if (text.starts_with(directory_.string())) text.erase(0, directory_.string().size() + 1);
    return text;
  }

  fs::path directory_;
};

TEST_F(EnvoyFiles, AFolderIsItsYamlFilesInOrder) {
  EXPECT_EQ(load(), "0 domains");
  write("b.yaml", "domain: b");
  write("a.yml", "domain: a");
  write("notes.txt", "domain: [");
  write(".hidden.yaml", "domain: [");
  fs::create_directory(directory_ / "c.yaml");
  EXPECT_EQ(load(), "2 domains");
  EXPECT_EQ(load(envoy::SameDomain::kRejected, "b.yaml"), "1 domains");
  const auto files = envoy_files(directory_.string());
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(*files, (std::vector{(directory_ / "a.yml").string(), (directory_ / "b.yaml").string()}));
}

TEST_F(EnvoyFiles, ErrorsNameTheFile) {
  write("a.yaml", "domain: a");
  write("b.yaml", "domain: a\ndescriptors: [{key: k}]");
  EXPECT_EQ(load(), "b.yaml:1:9: duplicate domain 'a' in config file");
  EXPECT_EQ(load(envoy::SameDomain::kMerged), "1 domains");
  write("c.yaml", "domain: a\ndescriptors: [{key: k}]");
  EXPECT_EQ(load(envoy::SameDomain::kMerged), "c.yaml:2:21: duplicate descriptor composite key 'a.k'");
  EXPECT_EQ(load(envoy::SameDomain::kRejected, "none.yaml"), "none.yaml: No such file or directory");
}

}  // namespace
}  // namespace rateguard::config
