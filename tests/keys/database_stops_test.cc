// The catalog's PostgreSQL stops and comes back under traffic.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "catalog/postgres/postgres_catalog.h"
#include "keys/catalog_fixture.h"
#include "support/patience.h"
#include "support/postgres/postgres_servers.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

const catalog::ApiKeyRecord kUnlimited = {.limits = {{"chat", "unlimited"}}};

// The processes of the server that serve this database.
std::vector<pid_t> sessions_of(const PostgresServer& server) {
  std::istringstream lines(server.psql("SELECT pid FROM pg_stat_activity WHERE datname LIKE 'test%'"));
  std::vector<pid_t> sessions;
  for (pid_t session = 0; lines >> session;) sessions.push_back(session);
  return sessions;
}

class DatabaseStopsTest : public testing::Test {
 protected:
  DatabaseStopsTest() {
    EXPECT_TRUE(postgres_.start()) << postgres_.log();
    url_ = postgres_.url(postgres_.new_database());
    catalog_ = std::make_unique<CatalogBeside>(*catalog::open_postgres_catalog(url_, "test", wall_now()));
  }

  std::string config(const std::string& policy) {
    return folder_.write("r.yaml", fmt::format("identity: {{api_keys: catalog}}\n"
                                               "catalog: {{url: \"{}\", stale_max: 8s, on_catalog_failure: {}}}\n"
                                               "rules:\n- {{name: chat, per: workspace, limit: 1000000/s}}\n",
                                               url_, policy));
  }
  // The service has heard of all changes, so that it forgets no key for one of them any more.
  bool has_caught_up() {
    const auto state = catalog_->store().state();
    const auto reports = catalog_->store().instances(wall_now() - Duration::seconds(60));
    return state && reports && !reports->empty() && !reports->back().applied.empty() &&
           reports->back().applied.back().revision >= state->revision;
  }
  static bool is_refused_for_the_catalog(const HttpAnswer& answer) {
    return answer.status == 503 && contains(answer.body, "catalog_unavailable");
  }

  TemporaryFolder folder_;
  PostgresServer postgres_;
  std::string url_;
  std::unique_ptr<CatalogBeside> catalog_;
};

TEST_F(DatabaseStopsTest, DenyServesKnownKeysUntilTheyAreStaleAndAllAgainAfterwards) {
  const Service service({"--config", config("deny")});
  HttpConnection connection(service.port());
  const std::string known = catalog_->add(kUnlimited).second;
  const std::string other = catalog_->add(kUnlimited).second;
  ASSERT_TRUE(eventually([&] { return has_caught_up(); }));
  EXPECT_EQ(ask_authz(connection, known).status, 200);
  postgres_.stop();
  EXPECT_EQ(ask_authz(connection, known).status, 200) << "cached callers go on";
  EXPECT_TRUE(is_refused_for_the_catalog(ask_authz(connection, other)));
  EXPECT_TRUE(eventually([&] { return is_refused_for_the_catalog(ask_authz(connection, known)); }));
  EXPECT_TRUE(contains(connection.get("/ready").body, "it cannot be asked"));
  ASSERT_TRUE(postgres_.start());
  EXPECT_TRUE(eventually([&] { return ask_authz(connection, known).status == 200; }));
  EXPECT_TRUE(eventually([&] { return ask_authz(connection, other).status == 200; }));
}

TEST_F(DatabaseStopsTest, ServeStaleGoesOnWithWhatItKnows) {
  const Service service({"--config", config("serve_stale")});
  HttpConnection connection(service.port());
  const auto [record, known] = catalog_->add(kUnlimited);
  const std::string other = catalog_->add(kUnlimited).second;
  ASSERT_TRUE(eventually([&] { return has_caught_up(); }));
  EXPECT_EQ(ask_authz(connection, known).status, 200);
  postgres_.stop();
  EXPECT_TRUE(eventually([&] { return contains(connection.get("/ready").body, "it cannot be asked"); }));
  EXPECT_EQ(ask_authz(connection, known).status, 200);
  EXPECT_TRUE(is_refused_for_the_catalog(ask_authz(connection, other)));
  ASSERT_TRUE(postgres_.start());
  ASSERT_TRUE(eventually([&] { return catalog_->store().state().has_value(); }));
  catalog_->revoke(record);
  EXPECT_TRUE(eventually([&, key = known] { return ask_authz(connection, key).status == 401; }));
}

TEST_F(DatabaseStopsTest, ADatabaseThatIsSilentHoldsUpOnlyThoseWhomItIsAskedFor) {
  const Service service({"--config", config("deny")});
  HttpConnection connection(service.port());
  HttpConnection another(service.port());
  const std::string known = catalog_->add(kUnlimited).second;
  const std::string other = catalog_->add(kUnlimited).second;
  ASSERT_TRUE(eventually([&] { return has_caught_up(); }));
  EXPECT_EQ(ask_authz(connection, known).status, 200);
  const std::vector<pid_t> sessions = sessions_of(postgres_);
  ASSERT_FALSE(sessions.empty());
  postgres_.signal(SIGSTOP);
  for (const pid_t session : sessions) ::kill(session, SIGSTOP);
  EXPECT_TRUE(eventually([&] {
    EXPECT_NE(ask_authz(connection, known).status, 0);
    return is_refused_for_the_catalog(ask_authz(another, other));
  }));
  for (const pid_t session : sessions) ::kill(session, SIGCONT);
  postgres_.signal(SIGCONT);
  EXPECT_TRUE(eventually([&] { return ask_authz(another, other).status == 200; }));
}

}  // namespace
}  // namespace rateguard::test
