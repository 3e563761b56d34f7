// Who may do what: every row of the table of routes, by every role, for the installation and for one workspace.
#include "server/admin/admission.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "server/admin/admin_harness_testing.h"
#include "server/admin/admin_route.h"

namespace rateguard::admin {
namespace {

HeaderList bearer(const std::string& token) {
  return {{"Authorization", "Bearer " + token}, {"If-Match", "*"}};
}

std::string path_of(const AdminRoute& route) {
  std::string path(route.pattern);
  for (size_t open; (open = path.find('{')) != std::string::npos;) path.replace(open, path.find('}') - open + 1, "x");
  return path;
}

TEST(AdmissionTest, EveryRouteNamesWhoMayCallIt) {
  std::set<std::string> open;
  for (const AdminRoute& route : admin_routes()) {
    const std::string name = std::string(route.method) + ' ' + std::string(route.pattern);
    EXPECT_NE(route.admits, Admits::kNobody) << name;
    EXPECT_NE(route.answer, nullptr) << name;
    if (route.admits == Admits::kAnyone) open.insert(name);
    const bool is_own = route.pattern.starts_with("/v1/session");  // everybody's own
    if (route.method != "GET" && route.admits == Admits::kReaders && !is_own)
      ADD_FAILURE() << name << " lets viewers change";
  }
  EXPECT_EQ(open, (std::set<std::string>{"POST /v1/setup", "POST /v1/session"}));
}

TEST(AdmissionTest, NobodyGetsInWithoutAValidToken) {
  AdminHarness admin;
  const std::string good = admin.make_token("t", "owner");
  for (const AdminRoute& route : admin_routes()) {
    if (route.admits == Admits::kAnyone) continue;
    const std::string method(route.method);
    for (const std::string& authorization : {"Basic " + good, std::string("Bearer x"), std::string("Bearer"), good,
                                             "Bearer " + good + "x", "Bearer rg_admin_" + std::string(49, 'a')}) {
      const ReadAnswer answer = admin.ask(method, path_of(route), "{}", {{"Authorization", authorization}});
      EXPECT_EQ(answer.status(), 401) << method << ' ' << route.pattern << ' ' << authorization;
      EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"rateguard admin\"");
    }
    EXPECT_EQ(admin.ask(method, path_of(route), "{}", {{"Authorization", ""}, {"Cookie", "a=b"}}).status(), 401);
  }
}

TEST(AdmissionTest, ARoleIsAdmittedToWhatIsItsOwn) {
  using enum catalog::MemberRole;
  const auto roles = [](Admits who) {
    std::string text;
    for (const auto role : {kOwner, kAdmin, kBilling, kViewer}) text += admits(who, role) ? 'x' : '-';
    return text;
  };
  EXPECT_EQ(roles(Admits::kNobody), "----");
  EXPECT_EQ(roles(Admits::kOwners), "x---");
  EXPECT_EQ(roles(Admits::kManagers), "xx--");
  EXPECT_EQ(roles(Admits::kBilling), "xxx-");
  EXPECT_EQ(roles(Admits::kReaders), "xxxx");
  EXPECT_EQ(roles(Admits::kAnyone), "xxxx");
}

TEST(AdmissionTest, EachRoleIsAdmittedToItsRoutesAndToNoOther) {
  AdminHarness admin;
  std::map<catalog::MemberRole, std::string> tokens;
  for (const std::string_view role : catalog::ChoiceWords<catalog::MemberRole>::kWords) {
    tokens[*catalog::parse_choice<catalog::MemberRole>(role)] = admin.make_token(std::string(role), role);
  }
  for (const AdminRoute& route : admin_routes()) {
    if (route.admits == Admits::kAnyone) continue;
    for (const auto& [role, token] : tokens) {
      const ReadAnswer answer = admin.ask(std::string(route.method), path_of(route), "{}", bearer(token));
      EXPECT_EQ(answer.status() == 403, !admits(route.admits, role))
          << route.method << ' ' << route.pattern << ' ' << choice_word(role) << ' ' << answer.answer.body;
    }
  }
}

TEST(AdmissionTest, ARevokedOrExpiredTokenNoLongerAdmits) {
  AdminHarness admin;
  const ReadAnswer made =
      admin.post("/v1/tokens", R"({"name":"ci","role":"viewer","expires_at":"2026-06-01T00:00:00Z"})");
  const std::string token = made.text("secret");
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", bearer(token)).status(), 200);
  const Instant before = admin.now;
  admin.now = Instant::from_seconds(1'780'300'800);
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", bearer(token)).status(), 401);
  admin.now = before;
  EXPECT_EQ(admin.post("/v1/tokens/" + made.text("id") + "/revoke", "").status(), 200);
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", bearer(token)).status(), 401);
}

TEST(AdmissionTest, AMembersTokenCanDoNoMoreThanTheMember) {
  AdminHarness admin;
  const std::string member = admin.make("members", R"({"email":"Ann@Example.com","role":"viewer"})");
  EXPECT_EQ(admin.get("/v1/members/" + member).text("email"), "ann@example.com");
  const ReadAnswer made = admin.post("/v1/tokens", R"({"name":"anns","role":"owner","member_id":")" + member + "\"}");
  const std::string token = made.text("secret");
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", bearer(token)).status(), 200);
  EXPECT_EQ(admin.ask("POST", "/v1/plans", R"({"name":"p"})", bearer(token)).status(), 403);
  admin.patch("/v1/members/" + member, R"({"state":"suspended"})");
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", bearer(token)).status(), 401);
}

class WorkspaceReachTest : public testing::Test {
 protected:
  ReadAnswer ask(std::string method, std::string target, std::string body = {}) {
    return admin.ask(std::move(method), std::move(target), std::move(body), bearer(token));
  }

  AdminHarness admin;
  const std::string own = admin.make("workspaces", R"({"name":"own"})");
  const std::string other = admin.make("workspaces", R"({"name":"other"})");
  const std::string own_key = admin.make("keys", R"({"name":"k","workspace_id":")" + own + "\"}");
  const std::string other_key = admin.make("keys", R"({"name":"k","workspace_id":")" + other + "\"}");
  const std::string token = admin.make_token("own", "owner", own);
};

TEST_F(WorkspaceReachTest, NothingOfAnotherWorkspaceIsSeenOrChanged) {
  EXPECT_EQ(ask("GET", "/v1/keys/" + own_key).status(), 200);
  for (const AdminRoute& route : admin_routes()) {
    if (!route.pattern.starts_with("/v1/keys/{id}")) continue;
    std::string path = path_of(route);
    path.replace(path.find("/x"), 2, '/' + other_key);
    const int status = ask(std::string(route.method), path, "{}").status();
    EXPECT_TRUE(status == 404 || status == 403) << route.method << ' ' << route.pattern << ' ' << status;
  }
  EXPECT_EQ(ask("GET", "/v1/workspaces/" + other).status(), 404);
  const ReadAnswer keys = ask("GET", "/v1/keys");
  ASSERT_EQ(keys.data().as_array().size(), 1u);
  EXPECT_EQ(keys.data().at(0).at("id").as_string(), own_key);
  EXPECT_EQ(ask("GET", "/v1/keys?workspace_id=" + other).status(), 403);
  EXPECT_EQ(ask("GET", "/v1/workspaces").data().as_array().size(), 1u);
  EXPECT_EQ(ask("GET", "/v1/workspaces?name=other").data().as_array().size(), 0u);
  const ReadAnswer log = ask("GET", "/v1/audit-log");
  EXPECT_GT(log.data().as_array().size(), 0u);
  for (const auto& entry : log.data().as_array()) {
    EXPECT_EQ(entry.at("workspace_id").as_string(), own);
  }
}

TEST_F(WorkspaceReachTest, NothingIsMadeInAnotherWorkspace) {
  EXPECT_EQ(ask("POST", "/v1/keys", R"({"name":"k","workspace_id":")" + other + "\"}").status(), 403);
  EXPECT_EQ(ask("POST", "/v1/keys", R"({"name":"k","workspace_id":")" + own + "\"}").status(), 201);
  const ReadAnswer member = ask("POST", "/v1/members", R"({"email":"a@b.example","role":"owner"})");
  EXPECT_EQ(member.text("workspace_id"), own);
  const ReadAnswer made = ask("POST", "/v1/tokens", R"({"name":"more","role":"owner"})");
  EXPECT_EQ(made.text("workspace_id"), own);
}

TEST_F(WorkspaceReachTest, AWorkspaceDoesNotSetWhatItMayUse) {
  EXPECT_EQ(ask("PATCH", "/v1/workspaces/" + own, R"({"limits":{"chat":"unlimited"}})").status(), 403);
  EXPECT_EQ(ask("PATCH", "/v1/keys/" + own_key, R"({"limits":{"chat":"unlimited"}})").problem("field"), "limits");
  EXPECT_EQ(ask("PATCH", "/v1/keys/" + own_key, R"({"plan_id":null})").status(), 403);
  EXPECT_EQ(ask("PUT", "/v1/keys/" + own_key + "/limits/chat", R"({"limit":"unlimited"})").status(), 403);
  EXPECT_EQ(ask("PATCH", "/v1/keys/" + own_key, R"({"name":"new"})").status(), 200);
}

TEST_F(WorkspaceReachTest, AMemberOfAnotherWorkspaceIsNotGivenItsKeys) {
  const std::string stranger =
      admin.make("members", R"({"email":"x@y.example","role":"viewer","workspace_id":")" + other + "\"}");
  EXPECT_EQ(ask("PATCH", "/v1/keys/" + own_key, R"({"member_id":")" + stranger + "\"}").status(), 422);
  EXPECT_EQ(ask("POST", "/v1/tokens", R"({"name":"t","role":"owner","member_id":")" + stranger + "\"}").status(), 422);
}

}  // namespace
}  // namespace rateguard::admin
