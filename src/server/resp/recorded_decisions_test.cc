// Every decision that is asked for in the Redis protocol passes the recorder once.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "event/recorder_testing.h"
#include "server/resp/resp_api_harness_testing.h"
#include "store/memory/memory_store.h"

namespace rateguard::resp {
namespace {

TEST(RecordedDecisions, OfCommandsThatAskALimitAndOfNoOthers) {
  RespApiHarness server;
  event::KeepingRecorder recorder;
  std::vector<rules::Rule> rules = {rule_of("login", {"ip"}, *Limit::fixed_window(2, Duration::seconds(60)))};
  RespApi api(server.service,
              {.rules = *rules::RuleSet::compile(rules), .identifier = *identify::Identifier::create({})},
              {.store = *server.store, .recorder = &recorder});
  ConnectedClient client = api.greet(*IpAddress::parse("127.0.0.1"), server.now);
  net::ByteBuffer out;
  api.answer(client,
             command({"CL.THROTTLE", "k", "0", "1", "60"}) + command({"CL.THROTTLE", "k", "0", "1", "60"}) +
                 command({"THROTTLE", "j", "3", "1", "60", "2"}) + command({"PING"}) +
                 command({"RG.PEEK", "login", "192.0.2.1"}) + command({"RG.RESET", "login", "192.0.2.1"}) +
                 command({"RG.CHECK", "login", "192.0.2.1", "2"}) + command({"RG.CHECK", "login", "192.0.2.1"}) +
                 command({"RG.CHECK", "nope", "192.0.2.1"}),
             1'000'000, out, server.now);
  const auto kept = recorder.take();
  EXPECT_EQ(event::lines_of(kept),
            (std::vector<std::string>{"resp - 1 admitted", "resp - 1 refused", "resp - 2 admitted",
                                      "resp login 2 admitted", "resp login 1 refused"}));
  for (const auto& one : kept) EXPECT_EQ(one.decided.at, Instant(server.now));
}

}  // namespace
}  // namespace rateguard::resp
