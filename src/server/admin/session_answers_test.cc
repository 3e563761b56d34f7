// Signing in and out, sessions and their protection, and the first owner.
#include <gtest/gtest.h>

#include <string>

#include "server/admin/admin_harness_testing.h"
#include "server/admin/password.h"
#include "server/admin/setup.h"
#include "server/admin/sign_in_limits.h"

namespace rateguard::admin {
namespace {

constexpr std::string_view kPassword = "correct horse battery";

std::string credentials(std::string_view email, std::string_view password) {
  return R"({"email":")" + std::string(email) + R"(","password":")" + std::string(password) + "\"}";
}

class SessionAnswersTest : public testing::Test {
 protected:
  // As a browser that has no cookie yet.
  ReadAnswer ask(std::string method, std::string target, std::string body, HeaderList headers = {}) {
    headers.emplace_back("Cookie", "theme=dark");
    headers.emplace_back("Host", "127.0.0.1:8088");
    return admin.ask(std::move(method), std::move(target), std::move(body), std::move(headers));
  }
  ReadAnswer sign_in(std::string_view email, std::string_view password) {
    return ask("POST", "/v1/session", credentials(email, password));
  }
  static std::string cookie_of(const ReadAnswer& answer) {
    const std::string set = answer.header("Set-Cookie");
    return set.substr(0, set.find(';'));
  }

  AdminHarness admin;
  const std::string member = admin.make(
      "members", R"({"email":"ann@example.com","role":"admin","password":")" + std::string(kPassword) + "\"}");
};

TEST_F(SessionAnswersTest, AMemberSignsInAndActsInTheirOwnName) {
  const ReadAnswer session = sign_in("Ann@Example.COM", kPassword);
  ASSERT_EQ(session.status(), 201) << session.answer.body;
  const HeaderList headers = {{"Cookie", "a=b; " + cookie_of(session)}, {"X-CSRF-Token", session.text("csrf_token")}};
  EXPECT_EQ(admin.ask("POST", "/v1/plans", R"({"name":"pro"})", headers).status(), 201);
  const ReadAnswer log = admin.get("/v1/audit-log?action=plan.create");
  EXPECT_EQ(log.data().at(0).at("actor").at("kind").as_string(), "member");
  EXPECT_EQ(log.data().at(0).at("actor").at("id").as_string(), member);
  const ReadAnswer who = admin.ask("GET", "/v1/session", "", headers);
  EXPECT_EQ(who.data().at("member").at("email").as_string(), "ann@example.com");
  EXPECT_EQ(admin.get("/v1/session").data().at("token").at("id").as_string(), "environment");
}

TEST_F(SessionAnswersTest, TheCookieIsForThisSiteAloneAndForNoScript) {
  EXPECT_EQ(sign_in("ann@example.com", kPassword).header("Set-Cookie").substr(0, 18), "rg_session=rg_sess");
  admin.parts.identity.public_url = "https://admin.example.com";
  const std::string set = sign_in("ann@example.com", kPassword).header("Set-Cookie");
  EXPECT_TRUE(set.starts_with("__Host-rg_session=")) << set;
  EXPECT_TRUE(set.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure")) << set;
  const std::string secret = set.substr(set.find('=') + 1, set.find(';') - set.find('=') - 1);
  const auto status = [&](const std::string& name) {
    return admin.ask("GET", "/v1/plans", "", {{"Cookie", name + "=" + secret}}).status();
  };
  EXPECT_EQ(status("__Host-rg_session"), 200);
  EXPECT_EQ(status("rg_session"), 401) << "a page of a neighbouring name could have set it";
}

TEST_F(SessionAnswersTest, WithoutItsOwnTokenASessionChangesNothing) {
  const ReadAnswer session = sign_in("ann@example.com", kPassword);
  const ReadAnswer other = sign_in("ann@example.com", kPassword);
  const auto post = [&](std::string csrf, std::string origin) {
    return admin
        .ask("POST", "/v1/plans", R"({"name":"pro"})",
             {{"Cookie", cookie_of(session)}, {"X-CSRF-Token", csrf}, {"Origin", origin}, {"Host", "127.0.0.1:8088"}})
        .problem("code");
  };
  EXPECT_EQ(post("", ""), "csrf");
  EXPECT_EQ(post("x", ""), "csrf");
  EXPECT_EQ(post(other.text("csrf_token"), ""), "csrf");
  EXPECT_EQ(post(session.text("csrf_token"), "https://evil.example"), "csrf");
  EXPECT_EQ(post(session.text("csrf_token"), "null"), "csrf");
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", {{"Cookie", cookie_of(session)}}).data().as_array().size(), 0u);
  EXPECT_EQ(post(session.text("csrf_token"), "http://127.0.0.1:8088"), "");
}

TEST_F(SessionAnswersTest, AnotherSitesPageSignsNobodyIn) {
  const auto code = [&](std::string origin) {
    return ask("POST", "/v1/session", credentials("ann@example.com", kPassword), {{"Origin", std::move(origin)}})
        .status();
  };
  EXPECT_EQ(code("https://evil.example"), 403);
  EXPECT_EQ(code("http://127.0.0.1:8088"), 201);
  admin.parts.identity.public_url = "https://admin.example.com";
  EXPECT_EQ(code("http://127.0.0.1:8088"), 403);
  EXPECT_EQ(code("https://admin.example.com"), 201);
}

TEST_F(SessionAnswersTest, EveryFailureToSignInLooksTheSame) {
  admin.make("members", R"({"email":"no@password.example","role":"owner"})");
  const std::string gone =
      admin.make("members", R"({"email":"gone@example.com","role":"owner","state":"suspended","password":")" +
                                std::string(kPassword) + "\"}");
  const ReadAnswer wrong = sign_in("ann@example.com", "another password");
  EXPECT_EQ(wrong.status(), 401);
  EXPECT_EQ(wrong.header("Set-Cookie"), "");
  for (const std::string_view email : {"nobody@example.com", "no@password.example", "gone@example.com"}) {
    EXPECT_EQ(sign_in(email, kPassword).answer.body, wrong.answer.body) << email;
  }
  EXPECT_EQ(sign_in("ann@example.com", std::string(5'000, 'a')).status(), 401);
  const ReadAnswer log = admin.get("/v1/audit-log?action=member.sign_in_failed");
  ASSERT_EQ(log.data().as_array().size(), 4u) << "of members alone";
  EXPECT_EQ(log.data().at(3).at("target_id").as_string(), member);
}

TEST_F(SessionAnswersTest, GuessingIsSlow) {
  int refused = 0;
  for (int i = 0; i < 30; ++i)
    refused += sign_in("ann@example.com", "guess number " + std::to_string(i)).status() == 429;
  EXPECT_EQ(refused, 25);
  const ReadAnswer answer = sign_in("ann@example.com", kPassword);
  EXPECT_EQ(answer.status(), 429);
  EXPECT_GE(std::stoi(answer.header("Retry-After")), 1);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(sign_in("x" + std::to_string(i) + "@y.example", kPassword).status(), 401) << i;
  EXPECT_EQ(sign_in("z@y.example", kPassword).status(), 429) << "the address has used up its tries";
  admin.now.us += Duration::seconds(180).us;
  EXPECT_EQ(sign_in("ann@example.com", kPassword).status(), 201);
}

TEST_F(SessionAnswersTest, ASessionEndsWithTimeSigningOutOrItsMember) {
  const auto session = sign_in("ann@example.com", kPassword);
  const HeaderList headers = {{"Cookie", cookie_of(session)}, {"X-CSRF-Token", session.text("csrf_token")}};
  const auto status = [&] { return admin.ask("GET", "/v1/plans", "", headers).status(); };
  EXPECT_EQ(status(), 200);
  admin.now.us += Duration::seconds(12 * 3'600 - 1).us;
  EXPECT_EQ(status(), 200);
  admin.now.us += Duration::seconds(1).us;
  EXPECT_EQ(status(), 401);
  admin.now.us -= Duration::seconds(1).us;
  admin.patch("/v1/members/" + member, R"({"state":"suspended"})");
  EXPECT_EQ(status(), 401);
  admin.patch("/v1/members/" + member, R"({"state":"active"})");
  const ReadAnswer left = admin.ask("DELETE", "/v1/session", "", headers);
  EXPECT_EQ(left.status(), 204);
  EXPECT_TRUE(left.header("Set-Cookie").starts_with("rg_session=; Path=/; Max-Age=0;"));
  EXPECT_EQ(status(), 401);
}

TEST_F(SessionAnswersTest, OnesOwnPasswordIsChangedByWhoKnowsIt) {
  const auto session = sign_in("ann@example.com", kPassword);
  const HeaderList headers = {{"Cookie", cookie_of(session)}, {"X-CSRF-Token", session.text("csrf_token")}};
  const auto change = [&](std::string_view old, std::string_view next) {
    return admin
        .ask("POST", "/v1/session/password",
             R"({"password":")" + std::string(old) + R"(","new_password":")" + std::string(next) + "\"}", headers)
        .status();
  };
  EXPECT_EQ(change("wrong password", "another password"), 403);
  EXPECT_EQ(change(kPassword, "short"), 400);
  EXPECT_EQ(change(kPassword, "another password"), 204);
  admin.now.us += Duration::seconds(180).us;
  EXPECT_EQ(sign_in("ann@example.com", kPassword).status(), 401);
  EXPECT_EQ(sign_in("ann@example.com", "another password").status(), 201);
}

TEST_F(SessionAnswersTest, ANewPasswordEndsTheSessionsOfTheOldOne) {
  const auto headers_of = [](const ReadAnswer& session) {
    return HeaderList{{"Cookie", cookie_of(session)}, {"X-CSRF-Token", session.text("csrf_token")}};
  };
  const HeaderList thief = headers_of(sign_in("ann@example.com", kPassword));
  const HeaderList own = headers_of(sign_in("ann@example.com", kPassword));
  const auto status = [&](const HeaderList& headers) { return admin.ask("GET", "/v1/plans", "", headers).status(); };
  EXPECT_EQ(status(thief), 200);
  const std::string body = R"({"password":")" + std::string(kPassword) + R"(","new_password":"another password"})";
  EXPECT_EQ(admin.ask("POST", "/v1/session/password", body, own).status(), 204);
  EXPECT_EQ(status(thief), 401);
  EXPECT_EQ(status(own), 200) << "who changed it goes on";
  admin.patch("/v1/members/" + member, R"({"password":"a third password"})");
  EXPECT_EQ(status(own), 401) << "somebody else changed it";
}

TEST_F(SessionAnswersTest, WhatAMemberMakesGoesWithTheMember) {
  const auto session = sign_in("ann@example.com", kPassword);
  const HeaderList headers = {{"Cookie", cookie_of(session)}, {"X-CSRF-Token", session.text("csrf_token")}};
  admin.patch("/v1/members/" + member, R"({"role":"owner"})");
  const ReadAnswer made = admin.ask("POST", "/v1/tokens", R"({"name":"mine","role":"owner"})", headers);
  ASSERT_EQ(made.status(), 201) << made.answer.body;
  EXPECT_EQ(made.text("member_id"), member);
  const HeaderList token = {{"Authorization", "Bearer " + made.text("secret")}};
  const ReadAnswer next = admin.ask("POST", "/v1/tokens", R"({"name":"next","role":"owner"})", token);
  EXPECT_EQ(next.text("member_id"), member) << "and what its tokens make";
  const HeaderList last = {{"Authorization", "Bearer " + next.text("secret")}};
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", last).status(), 200);
  admin.make("members", R"({"email":"o@b.example","role":"owner","password":")" + std::string(kPassword) + "\"}");
  admin.patch("/v1/members/" + member, R"({"state":"suspended"})");
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", token).status(), 401);
  EXPECT_EQ(admin.ask("GET", "/v1/plans", "", last).status(), 401);
}

TEST_F(SessionAnswersTest, NoFastHashOfAPasswordIsKept) {
  const HeaderList again = {{"Idempotency-Key", "k"}};
  const std::string body = R"({"email":"bob@example.com","role":"viewer","password":"long enough it is"})";
  EXPECT_EQ(admin.ask("POST", "/v1/members", body, again).status(), 201);
  EXPECT_EQ(admin.ask("POST", "/v1/members", body, again).status(), 409) << "nothing of the request was kept";
  const std::string escaped = R"({"email":"eve@example.com","role":"viewer","passwor\u0064":"long enough it is"})";
  EXPECT_EQ(admin.ask("POST", "/v1/members", escaped, again).status(), 201);
  EXPECT_EQ(admin.ask("POST", "/v1/members", escaped, again).status(), 409);
  const std::string plan = R"({"name":"p","title":"my password"})";
  EXPECT_EQ(admin.ask("POST", "/v1/plans", plan, again).status(), 201);
  EXPECT_EQ(admin.ask("POST", "/v1/plans", plan, again).header("Idempotent-Replayed"), "true") << "a word is no member";
}

TEST_F(SessionAnswersTest, NoAnswerAndNoAuditEntryHasASecret) {
  const auto session = sign_in("ann@example.com", kPassword);
  const std::string cookie = cookie_of(session);
  std::string all = admin.get("/v1/audit-log?limit=1000").answer.body + admin.get("/v1/members").answer.body +
                    admin.get("/v1/members/" + member).answer.body;
  EXPECT_FALSE(all.contains(kPassword));
  EXPECT_FALSE(all.contains("argon2"));
  EXPECT_FALSE(all.contains(cookie.substr(cookie.find('=') + 1)));
  EXPECT_FALSE(all.contains(session.text("csrf_token")));
  EXPECT_TRUE(all.contains("\"has_password\":true"));
}

TEST(SignInLimitsTest, ASiteOfIpv6CountsAsOneAddress) {
  SignInLimits limits;
  const Now now(Instant::from_seconds(1'000));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limits.try_now("2001:db8::" + std::to_string(i), {}, now)) << i;
  EXPECT_TRUE(limits.try_now("2001:db8::ffff", {}, now));
  EXPECT_FALSE(limits.try_now("2001:db8:0:1::1", {}, now));
}

TEST(SetupTest, ALinkMakesTheFirstOwnerOnceAndInTime) {
  AdminHarness admin;
  const auto link = make_setup_link(admin.catalog(), admin.now);
  ASSERT_TRUE(link.has_value() && link->has_value());
  const auto set_up = [&](std::string_view token, std::string_view password) {
    return admin
        .ask("POST", "/v1/setup",
             R"({"token":")" + std::string(token) + R"(","email":"Ann@Example.com","password":")" +
                 std::string(password) + "\"}",
             {{"Authorization", "none"}})
        .status();
  };
  EXPECT_EQ(set_up("rg_setup_x", kPassword), 401);
  EXPECT_EQ(set_up((*link)->reveal(), "short"), 400);
  EXPECT_EQ(set_up((*link)->reveal(), kPassword), 201);
  EXPECT_EQ(set_up((*link)->reveal(), kPassword), 401);
  const ReadAnswer members = admin.get("/v1/members");
  ASSERT_EQ(members.data().as_array().size(), 1u);
  EXPECT_EQ(members.data().at(0).at("role").as_string(), "owner");
  EXPECT_EQ(admin.ask("POST", "/v1/session", credentials("ann@example.com", kPassword), {{"Cookie", "a=b"}}).status(),
            201);
  EXPECT_FALSE(make_setup_link(admin.catalog(), admin.now)->has_value()) << "there is an owner";
}

TEST(SetupTest, ALinkIsGoodForAQuarterOfAnHourAndTheNextTakesItsPlace) {
  AdminHarness admin;
  const auto first = make_setup_link(admin.catalog(), admin.now);
  const auto second = make_setup_link(admin.catalog(), admin.now);
  ASSERT_TRUE(first->has_value() && second->has_value());
  const auto set_up = [&](const auto& link) {
    return admin
        .post("/v1/setup", R"({"token":")" + std::string((*link)->reveal()) +
                               R"(","email":"a@b.example","password":")" + std::string(kPassword) + "\"}")
        .status();
  };
  EXPECT_EQ(set_up(first), 401);
  admin.now = admin.now + kSetupLinkLasts;
  EXPECT_EQ(set_up(second), 401);
  EXPECT_EQ(
      admin.ask("GET", "/v1/plans", "", {{"Authorization", "Bearer " + std::string((*second)->reveal())}}).status(),
      401)
      << "a link is no token";
}

struct SetupLinkTest : testing::Test {
  int set_up() {
    return admin
        .post("/v1/setup", R"({"token":")" + std::string((*link)->reveal()) +
                               R"(","email":"evil@b.example","password":")" + std::string(kPassword) + "\"}")
        .status();
  }
  AdminHarness admin;
  const catalog::CatalogResult<std::optional<catalog::SecretText>> link = make_setup_link(admin.catalog(), admin.now);
  const std::string path = "/v1/tokens/" + std::string(admin.get("/v1/tokens").data().at(0).at("id").as_string());
};

TEST_F(SetupLinkTest, OneThatWasChangedLastsNoLonger) {
  const Instant made_at = admin.now;
  admin.patch(path, R"({"expires_at":"2100-01-01T00:00:00Z"})");
  admin.now = made_at + kSetupLinkLasts;
  EXPECT_EQ(set_up(), 401);
  admin.now = made_at;
  admin.patch(path, R"({"expires_at":null})");
  EXPECT_EQ(set_up(), 401);
}

TEST_F(SetupLinkTest, OneThatWasRevokedIsNone) {
  EXPECT_EQ(admin.post(path + "/revoke", "").status(), 200);
  EXPECT_EQ(set_up(), 401);
}

TEST_F(SetupLinkTest, OneIsNoneOnceThereIsAnOwner) {
  admin.make("members", R"({"email":"o@b.example","role":"owner"})");
  EXPECT_EQ(set_up(), 201) << "one who cannot sign in is none";
  EXPECT_EQ(set_up(), 401);
  const auto another = make_setup_link(admin.catalog(), admin.now);
  EXPECT_FALSE(another->has_value());
}

TEST_F(SetupLinkTest, OneIsNoneOnceThereIsAnOwnersToken) {
  const std::string member = admin.make("members", R"({"email":"v@b.example","role":"viewer"})");
  admin.post("/v1/tokens", R"({"name":"a","role":"owner","member_id":")" + member + "\"}");
  EXPECT_TRUE(make_setup_link(admin.catalog(), admin.now)->has_value()) << "it does no more than its member";
  admin.post("/v1/tokens", R"({"name":"b","role":"owner"})");
  EXPECT_FALSE(make_setup_link(admin.catalog(), admin.now)->has_value());
  EXPECT_EQ(set_up(), 401);
}

TEST_F(SetupLinkTest, OneIsNoneOnceAnOwnerWasMadeWithoutIt) {
  admin.make("members", R"({"email":"o@b.example","role":"owner","password":")" + std::string(kPassword) + "\"}");
  EXPECT_EQ(set_up(), 401);
}

TEST(SetupTest, NoLinkIsMadeWhereAnOwnersTokenCounts) {
  AdminHarness admin;
  admin.make_token("ci", "admin");
  EXPECT_TRUE(make_setup_link(admin.catalog(), admin.now)->has_value());
  admin.make_token("machine", "owner");
  EXPECT_FALSE(make_setup_link(admin.catalog(), admin.now)->has_value());
}

TEST(PasswordTest, AHashIsOfItsPasswordAloneAndDiffersEachTime) {
  PasswordHasher hasher({.memory_kib = 64, .passes = 1});
  const auto hash = hasher.hash(kPassword);
  ASSERT_TRUE(hash.has_value());
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << *hash;
  EXPECT_NE(hasher.hash(kPassword), hash);
  EXPECT_EQ(hasher.verify(kPassword, hash), PasswordVerdict::kRight);
  EXPECT_EQ(hasher.verify("correct horse batterY", hash), PasswordVerdict::kWrong);
  EXPECT_EQ(hasher.verify("", std::nullopt), PasswordVerdict::kWrong);
}

TEST(PasswordTest, MoreThanMayWaitAreToldToComeBack) {
  PasswordHasher hasher({.running_max = 0, .waiting_max = 0});
  EXPECT_EQ(hasher.verify(kPassword, std::nullopt), PasswordVerdict::kBusy);
  EXPECT_FALSE(hasher.hash(kPassword).has_value());
}

}  // namespace
}  // namespace rateguard::admin
