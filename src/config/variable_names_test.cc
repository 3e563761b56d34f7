#include "config/variable_names.h"

#include <gtest/gtest.h>

#include "config/settings_table.h"

namespace rateguard::config {
namespace {

std::string problem_of(const Variables& environment, const Config& config = {}) {
  const auto good = check_variable_names(config, environment);
  return good ? "" : good.error().message;
}

TEST(VariableNames, AMisspeltNameIsRefusedWithASuggestion) {
  EXPECT_EQ(problem_of({{"RATEGUARD_LISTEN_HTPP", ""}}),
            "RATEGUARD_LISTEN_HTPP: there is no such setting; did you mean RATEGUARD_LISTEN_HTTP?");
  EXPECT_EQ(problem_of({{"RATEGUARD_STORES_DEFALT_URL", "x"}}),
            "RATEGUARD_STORES_DEFALT_URL: there is no such setting; did you mean RATEGUARD_STORES_DEFAULT_URL?");
  EXPECT_EQ(problem_of({{"RATEGUARD_STORES_DEFAULT_SNAPSHOT_INTERVALL", "1s"}}),
            "RATEGUARD_STORES_DEFAULT_SNAPSHOT_INTERVALL: there is no such setting; did you mean "
            "RATEGUARD_STORES_DEFAULT_SNAPSHOT_INTERVAL?");
}

TEST(VariableNames, EveryMistakeIsNamed) {
  const std::string problem = problem_of({{"RATEGUARD_QQQ", ""}, {"RATEGUARD_CONFG", ""}, {"PATH", "/bin"}});
  EXPECT_EQ(problem,
            "RATEGUARD_CONFG: there is no such setting; did you mean RATEGUARD_CONFIG?\n"
            "RATEGUARD_QQQ: there is no such setting; docs/configuration.md lists the variables; unset it, or rename "
            "it if it is another program's");
}

TEST(VariableNames, EverySettingAndOptionIsKnown) {
  Variables all = {{"RATEGUARD_CONFIG", ""}, {"RATEGUARD_TOKEN", ""}};
  for (const Setting& setting : settings()) {
    all.emplace_back(environment_variable(setting, "default"), "");
    if (!setting.alias.empty()) all.emplace_back(setting.alias, "");
  }
  EXPECT_EQ(problem_of(all), "");
}

TEST(VariableNames, StoresHaveTheirOwnNames) {
  Config config;
  config.stores["eu-west"] = {};
  EXPECT_EQ(problem_of({{"RATEGUARD_STORES_EU_WEST_URL", ""}}, config), "");
  EXPECT_NE(problem_of({{"RATEGUARD_STORES_EU_WEST_URL", ""}}), "");
}

TEST(VariableNames, WhatKubernetesSetsForAServiceOfThatNameIsLetPass) {
  EXPECT_EQ(problem_of({{"RATEGUARD_SERVICE_HOST", "10.96.0.7"},
                        {"RATEGUARD_SERVICE_PORT", "8080"},
                        {"RATEGUARD_SERVICE_PORT_HTTP", "8080"},
                        {"RATEGUARD_PORT", "tcp://10.96.0.7:8080"},
                        {"RATEGUARD_PORT_8080_TCP", "tcp://10.96.0.7:8080"},
                        {"RATEGUARD_PORT_8080_TCP_PROTO", "tcp"},
                        {"RATEGUARD_PORT_8080_TCP_PORT", "8080"},
                        {"RATEGUARD_PORT_8080_TCP_ADDR", "10.96.0.7"},
                        {"RATEGUARD_GRPC_SERVICE_HOST", "10.96.0.8"},
                        {"RATEGUARD_GRPC_PORT_8081_TCP_ADDR", "10.96.0.8"},
                        {"RATEGUARD_GRPC_PORT", "tcp://10.96.0.8:8081"}}),
            "");
  EXPECT_NE(problem_of({{"RATEGUARD_PORT", "8080"}}), "") << "somebody's idea of a setting";
  EXPECT_NE(problem_of({{"RATEGUARD_PORT_HTTP", "8080"}}), "");
}

}  // namespace
}  // namespace rateguard::config
