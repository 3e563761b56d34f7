// A PostgreSQL that is stopped, restarted, silent, or only a standby, and what other instances hear.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "catalog/postgres/postgres_catalog.h"
#include "catalog/sample_records_testing.h"
#include "net/eventually_testing.h"
#include "postgres_fixture.h"

// libpqxx 6.4.5 does not free the result of a call during which the connection broke: a kilobyte for each loss of a
// connection, which AddressSanitizer would report.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): the runtime's own name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:PQmakeEmptyPGresult";
}

namespace rateguard::catalog {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow = Instant::from_seconds(1'780'000'000);
// On a loaded machine. What is waited for comes within milliseconds, or never.
constexpr auto kPatience = 60s;

std::unique_ptr<CatalogStore> opened(const std::string& url, PostgresOptions options = {}) {
  auto store = open_postgres_catalog(url, "test", kNow, options);
  if (store) return std::move(*store);
  ADD_FAILURE() << store.error().message;
  std::abort();  // the test could not go on
}

// The greatest revision that a store has told of.
class Heard {
 public:
  std::function<void(int64_t)> listener() {
    return [this](int64_t revision) {
      const std::lock_guard held(lock_);
      times_ += 1;
      greatest_ = std::max(greatest_, revision);
      changed_.notify_all();
    };
  }
  bool wait_for_revision(int64_t revision) {
    std::unique_lock held(lock_);
    return changed_.wait_for(held, kPatience, [&] { return greatest_ >= revision; });
  }
  bool wait_for_call() {
    std::unique_lock held(lock_);
    return changed_.wait_for(held, kPatience, [&] { return times_ > 0; });
  }
  int64_t greatest() {
    const std::lock_guard held(lock_);
    return greatest_;
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  int64_t greatest_ = 0;
  int times_ = 0;
};

// The processes that serve this program's connections.
std::vector<pid_t> sessions_of(const test::PostgresServer& server) {
  std::istringstream pids(server.psql("SELECT pid FROM pg_stat_activity WHERE application_name='rateguard'"));
  return {std::istream_iterator<pid_t>(pids), {}};
}

TEST(PostgresFaultsTest, OtherInstancesHearOfAChangeByNotify) {
  test::PostgresServer& server = test::postgres_stack().server;
  const std::string url = server.url(server.new_database());
  Heard heard;
  const auto first = opened(url);
  const auto second = opened(url);
  second->on_change(heard.listener());
  ASSERT_TRUE(heard.wait_for_call()) << "it tells when it has begun to listen";
  ASSERT_TRUE(create(*first, sample_plan("pro"), {}, kNow));
  EXPECT_TRUE(heard.wait_for_revision(1));
}

TEST(PostgresFaultsTest, BehindAPoolerTheRevisionTellsOfChangesThatNoMessageDoes) {
  test::PostgresStack& stack = test::postgres_stack();
  const std::string url = stack.pooler.url(stack.server.new_database());
  Heard heard;
  const auto first = opened(url);
  const auto second = opened(url);
  second->on_change(heard.listener());
  ASSERT_TRUE(heard.wait_for_call());
  const CatalogState before = second->state().value();
  ASSERT_TRUE(create(*first, sample_plan("pro"), {}, kNow));
  const auto recent = second->changes_since(before);
  ASSERT_TRUE(recent.has_value()) << recent.error().message;
  EXPECT_EQ(recent->changes.size(), 1u);
  EXPECT_EQ(recent->state.revision, before.revision + 1);
}

TEST(PostgresFaultsTest, AServerThatIsAwayIsSaidSoAndAnswersAfterItsReturnWithAllThatWasConfirmed) {
  test::PostgresServer server;
  ASSERT_TRUE(server.start()) << server.log();
  const auto store = opened(server.url(server.new_database()));
  Heard heard;
  store->on_change(heard.listener());
  for (int round = 0; round < 2; ++round) {
    const std::string name = "plan" + std::to_string(round);
    const auto plan = create(*store, sample_plan(name), {}, kNow);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    server.stop();
    const auto unanswered = get<PlanRecord>(*store, plan->head.id);
    ASSERT_FALSE(unanswered.has_value());
    EXPECT_EQ(unanswered.error().fault, CatalogFault::kUnavailable);
    EXPECT_TRUE(unanswered.error().message.starts_with("postgres://127.0.0.1:")) << unanswered.error().message;
    const auto refused = create(*store, sample_plan("other"), {}, kNow);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().fault, CatalogFault::kUnavailable) << refused.error().message;
    ASSERT_TRUE(server.start()) << server.log();
    EXPECT_EQ(find_by_name<PlanRecord>(*store, name), *plan);
    EXPECT_FALSE(find_by_name<PlanRecord>(*store, "other").has_value());
  }
}

TEST(PostgresFaultsTest, ARestartBetweenTwoCallsIsNotSeen) {
  test::PostgresServer server;
  ASSERT_TRUE(server.start()) << server.log();
  const auto store = opened(server.url(server.new_database()));
  ASSERT_TRUE(create(*store, sample_plan("a"), {}, kNow));
  for (int i = 0; i < 2; ++i) {
    server.stop();
    ASSERT_TRUE(server.start()) << server.log();
    const auto made = create(*store, sample_plan("b" + std::to_string(i)), {}, kNow);
    EXPECT_TRUE(made.has_value()) << made.error().message;
  }
  server.stop();
  ASSERT_TRUE(server.start()) << server.log();
  EXPECT_TRUE(find_by_name<PlanRecord>(*store, "a"));
}

TEST(PostgresFaultsTest, ASilentServerCostsNoMoreThanThePatienceAndIsUsedAgain) {
  test::PostgresServer server;
  ASSERT_TRUE(server.start()) << server.log();
  const std::string url = server.url(server.new_database());
  ASSERT_TRUE(create(*opened(url), sample_plan("a"), {}, kNow));
  const auto store = opened(url + "?connect_timeout=2", {.patience = 2s});
  ASSERT_TRUE(find_by_name<PlanRecord>(*store, "a"));
  const auto sessions = sessions_of(server);
  ASSERT_FALSE(sessions.empty());
  server.signal(SIGSTOP);  // takes no new connections
  for (const pid_t session : sessions) ::kill(session, SIGSTOP);
  const auto unanswered = find_by_name<PlanRecord>(*store, "a");
  ASSERT_FALSE(unanswered.has_value());
  EXPECT_EQ(unanswered.error().fault, CatalogFault::kUnavailable) << unanswered.error().message;
  for (const pid_t session : sessions) ::kill(session, SIGCONT);
  server.signal(SIGCONT);
  EXPECT_TRUE(net::eventually([&] { return find_by_name<PlanRecord>(*store, "a").has_value(); }));
  EXPECT_TRUE(create(*store, sample_plan("b"), {}, kNow));
}

TEST(PostgresFaultsTest, AServerThatIsKilledDuringChangesKeepsAllThatWereConfirmedAndNoHalfOfAny) {
  test::PostgresServer server;
  ASSERT_TRUE(server.start()) << server.log();
  const auto store = opened(server.url(server.new_database()));
  std::vector<std::string> confirmed;
  std::atomic<size_t> confirmed_count = 0;
  std::vector<std::string> unknown;
  std::thread writer([&] {
    for (int i = 0; i < 5'000; ++i) {
      const std::string name = std::to_string(i);
      ChangeSet changes = {.now = kNow};
      changes.writes = {{.what = CreateRecord{sample_plan(name)}}, {.what = CreateRecord{sample_workspace(name)}}};
      const auto outcome = store->change(changes);
      if (outcome) {
        confirmed.push_back(name);
        ++confirmed_count;
      } else if (outcome.error().fault == CatalogFault::kUnknownOutcome) {
        unknown.push_back(name);
      } else {
        EXPECT_EQ(outcome.error().fault, CatalogFault::kUnavailable) << outcome.error().message;
        break;
      }
    }
  });
  EXPECT_TRUE(net::eventually([&] { return confirmed_count >= 10; }));
  server.stop();
  writer.join();
  ASSERT_TRUE(server.start()) << server.log();
  EXPECT_FALSE(confirmed.empty());
  EXPECT_LE(unknown.size(), 1u);
  for (const std::string& name : confirmed) {
    EXPECT_TRUE(find_by_name<PlanRecord>(*store, name)) << name;
    EXPECT_TRUE(find_by_name<WorkspaceRecord>(*store, name)) << name;
  }
  for (const std::string& name : unknown) {
    EXPECT_EQ(find_by_name<PlanRecord>(*store, name).has_value(),
              find_by_name<WorkspaceRecord>(*store, name).has_value());
  }
  const int64_t revision = store->state().value().revision;
  EXPECT_GE(revision, static_cast<int64_t>(confirmed.size()));
  EXPECT_LE(revision, static_cast<int64_t>(confirmed.size() + unknown.size()));
}

TEST(PostgresFaultsTest, AStandbyThatIsPromotedHasAllThatWasConfirmedAndGoesOn) {
  test::PostgresServer primary;
  test::PostgresServer standby;
  ASSERT_TRUE(primary.start()) << primary.log();
  ASSERT_TRUE(standby.start_as_standby_of(primary)) << standby.log();
  const std::string places =
      "127.0.0.1:" + std::to_string(primary.port()) + ",127.0.0.1:" + std::to_string(standby.port());
  const auto store = opened("postgres://postgres@" + places + "/postgres?target_session_attrs=read-write");
  const auto workspace = create(*store, sample_workspace("acme"), {}, kNow);
  ASSERT_TRUE(workspace.has_value()) << workspace.error().message;
  const auto key = create(*store, sample_key(workspace->head.id, 1), {}, kNow);
  ASSERT_TRUE(key.has_value()) << key.error().message;
  const CatalogState before = store->state().value();

  primary.stop();
  const auto undecided = create(*store, sample_plan("early"), {}, kNow);
  ASSERT_FALSE(undecided.has_value()) << "nobody takes writes";
  EXPECT_EQ(undecided.error().fault, CatalogFault::kUnavailable) << undecided.error().message;
  ASSERT_EQ(standby.psql("SELECT pg_promote()"), "t\n");
  EXPECT_EQ(store->state(), before);
  EXPECT_EQ(find_by_sha256<ApiKeyRecord>(*store, key->sha256), *key);
  const auto plan = create(*store, sample_plan("pro"), {}, kNow);
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->head.revision, before.revision + 1);
}

TEST(PostgresFaultsTest, ADatabaseThatTakesNoWritesIsReadOnly) {
  test::PostgresServer& server = test::postgres_stack().server;
  const std::string database = server.new_database();
  ASSERT_TRUE(create(*opened(server.url(database)), sample_plan("pro"), {}, kNow));
  server.psql("ALTER DATABASE " + database + " SET default_transaction_read_only=on");
  const auto store = opened(server.url(database));
  EXPECT_TRUE(find_by_name<PlanRecord>(*store, "pro"));
  const auto refused = create(*store, sample_plan("other"), {}, kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, CatalogFault::kReadOnly) << refused.error().message;
}

TEST(PostgresFaultsTest, WhoMayNotConnectIsToldWithoutAPassword) {
  const test::PostgresServer& server = test::postgres_stack().server;
  const std::string port = std::to_string(server.port());
  const auto refused = open_postgres_catalog("postgres://nobody:s3cret@127.0.0.1:" + port + "/postgres", "test", kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, CatalogFault::kUnavailable);
  EXPECT_NE(refused.error().message.find("nobody"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("s3cret"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace rateguard::catalog
