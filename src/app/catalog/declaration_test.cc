// Files that declare a catalog: read, planned, carried out and written, straight and at a server.
#include "app/catalog/declaration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "app/catalog/catalog_service_testing.h"
#include "app/catalog/declaration_export.h"
#include "app/catalog/declaration_plan.h"
#include "app/catalog/declared_fields.h"

namespace rateguard::app {
namespace {

constexpr std::string_view kTeam = R"(plans:
  - name: free
    limits: {chat: 20/m}
  - {name: pro, title: Pro, limits: {chat: 600/m, search: 10/s}}
workspaces:
  - name: acme
    title: Acme Ltd.
    plan: pro
    metadata: {crm: "4711"}
rules:
  - name: chat
    definition: {per: api_key, limit: 60/m}
upstreams:
  - name: openai
    definition: {url: "https://api.openai.com"}
    credential_header: Authorization
    credential_value: Bearer secret
prices:
  - {provider: openai, model: gpt-4o, starts_at: "2026-01-01T00:00:00Z", input_pico_dollars: 2500000, output_pico_dollars: 10000000}
budgets:
  - {name: acme-month, workspace: acme, amount: 250000000000}
)";

std::string wrong(std::string_view text) {
  const auto declaration = parse_declaration(text, "catalog.yaml");
  EXPECT_FALSE(declaration);
  return declaration ? "" : declaration.error().to_string();
}

TEST(DeclarationTest, MistakesAreSaidWithTheirLineAndTheNearestName) {
  EXPECT_TRUE(wrong("workspace:\n  - {name: a}\n").starts_with("catalog.yaml:1:1: ")) << wrong("workspace: []\n");
  EXPECT_TRUE(wrong("workspace: []\n").contains("did you mean 'workspaces'?"));
  const std::string field = wrong("plans:\n  - name: pro\n    limts: {chat: 5/m}\n");
  EXPECT_TRUE(field.starts_with("catalog.yaml:3:5: plan 'pro': ")) << field;
  EXPECT_TRUE(field.contains("did you mean 'limits'?")) << field;
  const std::string limit = wrong("plans:\n  - name: pro\n    limits: {chat: lots}\n");
  EXPECT_TRUE(limit.starts_with("catalog.yaml:3:13: plan 'pro': limits: 'chat': ")) << limit;
  EXPECT_TRUE(wrong("plans:\n  - {title: x}\n").contains("catalog.yaml:2:5: plan: name: is missing"));
  EXPECT_TRUE(wrong("plans: {pro: 5}\n").contains("plans: expected a list"));
  EXPECT_TRUE(wrong("plans:\n  - pro\n").contains("plans: expected a map"));
  EXPECT_TRUE(wrong("plans:\n  - {name: a}\n  - {name: a}\n")
                  .contains("3:5: plan 'a' is declared twice; the first is in line 2"))
      << wrong("plans:\n  - {name: a}\n  - {name: a}\n");
  EXPECT_TRUE(wrong("budgets:\n  - {name: b, amount: many}\n").contains("amount: expected a whole number"));
  EXPECT_TRUE(
      wrong("workspaces:\n  - {name: a, state: asleep}\n").contains("state: expected one of active, suspended"));
  EXPECT_TRUE(wrong("rules:\n  - {name: r, definition: {per: nobody, limit: 5/m}}\n").contains("definition"));
  EXPECT_TRUE(wrong("plans: [").contains("catalog.yaml:1:"));
}

TEST(DeclarationTest, AFileMayBeEmptyAndHaveKeysOfItsOwn) {
  EXPECT_TRUE(parse_declaration("", "f"));
  EXPECT_TRUE(parse_declaration("x-common: {a: 1}\nplans:\n", "f"));
}

class ApplyTest : public testing::TestWithParam<AskedHow> {
 protected:
  DeclarationPlan plan(std::string_view text, Prune prune = Prune::kNo) {
    const auto declaration = parse_declaration(text, "catalog.yaml");
    EXPECT_TRUE(declaration) << (declaration ? "" : declaration.error().to_string());
    if (!declaration) return {};
    auto made = plan_declaration(catalog_.service(), *declaration, prune);
    EXPECT_TRUE(made) << (made ? "" : made.error().to_string());
    return made ? std::move(*made) : DeclarationPlan{};
  }
  // What was to be done, after it is done.
  std::string apply(std::string_view text, Prune prune = Prune::kNo) {
    const DeclarationPlan planned = plan(text, prune);
    const auto done = carry_out(catalog_.service(), planned);
    EXPECT_TRUE(done) << (done ? "" : done.error().to_string());
    return plan_text(planned);
  }
  std::string exported() {
    const auto text = export_declaration(catalog_.service());
    EXPECT_TRUE(text) << (text ? "" : text.error().to_string());
    return text.value_or("");
  }

  CatalogForTests catalog_{GetParam()};
};

std::string apply_way_text(const testing::TestParamInfo<AskedHow>& info) {
  return info.param == AskedHow::kStraight ? "Straight" : "AtAServer";
}
INSTANTIATE_TEST_SUITE_P(Both, ApplyTest, testing::Values(AskedHow::kStraight, AskedHow::kAtAServer), apply_way_text);

TEST_P(ApplyTest, ASecondRunFindsNothingToDo) {
  const std::string first = apply(kTeam.substr(0, kTeam.find("upstreams")));
  EXPECT_TRUE(first.starts_with("+ plan free\n    limits: {\"chat\":\"20/m\"}\n+ plan pro\n    title: Pro\n")) << first;
  EXPECT_TRUE(first.contains("+ workspace acme\n    title: Acme Ltd.\n    plan: pro\n")) << first;
  EXPECT_TRUE(first.ends_with("4 to make, 0 to change, 0 to remove\n")) << first;
  EXPECT_EQ(apply(kTeam.substr(0, kTeam.find("upstreams"))), "nothing to do\n");
  const auto acme = catalog::find_by_name<catalog::WorkspaceRecord>(catalog_.store(), "acme");
  const auto pro = catalog::find_by_name<catalog::PlanRecord>(catalog_.store(), "pro");
  ASSERT_TRUE(acme && pro);
  EXPECT_EQ(acme->plan_id, pro->head.id);
  const auto rule = catalog::find_by_name<catalog::RuleRecord>(catalog_.store(), "chat");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->definition, R"({"name":"chat","per":"api_key","limit":"60/m"})");
}

TEST_P(ApplyTest, WhatIsTakenOutOfTheFileGoesOutOfTheCatalog) {
  apply(kTeam);
  const std::string changed = apply("workspaces:\n  - {name: acme, plan: free, limits: {chat: 5/m}}\n");
  EXPECT_EQ(
      changed,
      "~ workspace acme\n    title: Acme Ltd. -> \"\"\n    plan: pro -> free\n    limits: {} -> {\"chat\":\"5/m\"}\n"
      "    metadata: {\"crm\":\"4711\"} -> {}\n0 to make, 1 to change, 0 to remove\n");
  const auto acme = catalog::find_by_name<catalog::WorkspaceRecord>(catalog_.store(), "acme");
  ASSERT_TRUE(acme);
  EXPECT_EQ(acme->title, "");
  EXPECT_TRUE(acme->metadata.empty());
}

TEST_P(ApplyTest, PruneRemovesFromTheSectionsOfTheFileAlone) {
  apply(kTeam);
  const std::string_view file = "plans:\n  - {name: pro, title: Pro, limits: {chat: 600/m, search: 10/s}}\nbudgets:\n";
  EXPECT_EQ(apply(file), "nothing to do\n");
  EXPECT_EQ(apply(file, Prune::kYes), "- budget acme-month\n- plan free\n0 to make, 0 to change, 2 to remove\n");
  EXPECT_TRUE(catalog::find_by_name<catalog::WorkspaceRecord>(catalog_.store(), "acme")) << "it has no such section";
  EXPECT_EQ(apply(file, Prune::kYes), "nothing to do\n");
}

TEST_P(ApplyTest, ASecretIsSetWhereItIsGivenAndStaysWhereItIsNot) {
  const std::string first = apply(kTeam);
  EXPECT_TRUE(first.contains("credential_value: (secret)")) << first;
  EXPECT_FALSE(first.contains("Bearer secret")) << first;
  const std::string without =
      "upstreams:\n  - {name: openai, definition: {url: \"https://api.openai.com/v1\"}, credential_header: "
      "Authorization}\n";
  EXPECT_TRUE(apply(without).starts_with("~ upstream openai\n    definition: "));
  const auto upstream = catalog::find_by_name<catalog::UpstreamRecord>(catalog_.store(), "openai");
  ASSERT_TRUE(upstream);
  EXPECT_EQ(upstream->credential_value, "Bearer secret");
  EXPECT_FALSE(exported().contains("Bearer secret"));
}

TEST_P(ApplyTest, AReferenceToNothingIsSaidBeforeAnythingIsChanged) {
  const auto declaration =
      parse_declaration("plans:\n  - {name: pro}\nworkspaces:\n  - {name: acme, plan: proo}\n", "f.yaml");
  ASSERT_TRUE(declaration);
  apply("plans:\n  - {name: pro}\n");
  const auto planned = plan_declaration(catalog_.service(), *declaration, Prune::kNo);
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().to_string(),
            "f.yaml:4:5: workspace 'acme': plan: there is no plan 'proo'; did you mean 'pro'?");
}

// Where the catalog itself is at hand it is all or nothing; at a server what was done is said.
TEST_P(ApplyTest, WhatCannotBeDoneIsNotDoneByHalvesInSilence) {
  apply(kTeam);
  // A plan that a workspace of no section refers to cannot go.
  const DeclarationPlan planned = plan("plans:\n  - {name: new}\n", Prune::kYes);
  EXPECT_TRUE(plan_text(planned).ends_with("1 to make, 0 to change, 2 to remove\n")) << plan_text(planned);
  const auto done = carry_out(catalog_.service(), planned);
  ASSERT_FALSE(done);
  const bool made = catalog::find_by_name<catalog::PlanRecord>(catalog_.store(), "new").has_value();
  if (GetParam() == AskedHow::kStraight) {
    EXPECT_TRUE(done.error().message.starts_with("plan 'pro': ")) << done.error().message;
    EXPECT_TRUE(done.error().message.ends_with("; nothing was changed")) << done.error().message;
    EXPECT_FALSE(made);
  } else {
    EXPECT_TRUE(done.error().message.contains(" of 3 changes were made before")) << done.error().message;
    EXPECT_TRUE(made);
  }
}

TEST_P(ApplyTest, AChangeSinceThePlanWasMadeIsNotOverwritten) {
  apply(kTeam);
  const DeclarationPlan planned = plan("workspaces:\n  - {name: acme, title: New}\n");
  auto acme = catalog::find_by_name<catalog::WorkspaceRecord>(catalog_.store(), "acme");
  ASSERT_TRUE(acme);
  acme->title = "By somebody else";
  ASSERT_TRUE(catalog::update(catalog_.store(), *acme, {}, catalog_.now));
  const auto done = carry_out(catalog_.service(), planned);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message.starts_with("workspace 'acme': ")) << done.error().message;
  EXPECT_TRUE(done.error().message.contains("again")) << done.error().message;
  const auto after = catalog::find_by_name<catalog::WorkspaceRecord>(catalog_.store(), "acme");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->title, "By somebody else");
}

TEST_P(ApplyTest, ARemovalSinceThePlanWasMadeIsSaidWithWhatToDo) {
  apply(kTeam);
  const DeclarationPlan planned = plan("budgets:\n  - {name: acme-month, workspace: acme, amount: 5}\n");
  ASSERT_EQ(planned.steps.size(), 1u);
  const catalog::RemoveRecord removal = {catalog::RecordKind::kBudget, planned.steps[0].id, planned.steps[0].version};
  ASSERT_TRUE(catalog_.store().change({.writes = {{.what = removal}}, .now = catalog_.now}));
  const auto done = carry_out(catalog_.service(), planned);
  ASSERT_FALSE(done);
  if (GetParam() == AskedHow::kStraight) {
    EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(done.error().source, ErrorSource::kPeer);
    EXPECT_EQ(done.error().message,
              "budget 'acme-month': it has been changed since the plan was made; run this again; nothing was changed");
  } else {
    EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
    EXPECT_TRUE(
        done.error().message.ends_with("0 of 1 changes were made before, and running this again makes the rest"))
        << done.error().message;
  }
}

TEST_P(ApplyTest, LongTextsAreShownFromWhereTheyDiffer) {
  const auto rule = [](std::string_view limit) {
    std::string text = "rules:\n  - name: chat\n    definition: |-\n      name: chat\n      # ";
    for (int i = 0; i < 60; ++i) text += "ü";
    return fmt::format("{}\n      per: ip\n      limit: {}\n", text, limit);
  };
  apply(rule("5/m"));
  const std::string changed = apply(rule("6/m"));
  EXPECT_TRUE(changed.contains("per: ip limit: 5/m -> ...")) << changed;
  EXPECT_TRUE(changed.contains("per: ip limit: 6/m\n")) << changed;
}

// A terminal obeys U+009B, and U+202E turns what follows around.
TEST_P(ApplyTest, APlanIsSafeToPrint) {
  const std::string odd = "a\xC2\x9B\xE2\x80\xAE";
  const std::string planned = plan_text(
      plan(fmt::format("plans:\n  - {{name: pro, title: \"{0}\", metadata: {{k: \"{0}\"}}}}\nprices:\n  - {{provider: "
                       "\"{0}\", model: m, "
                       "starts_at: \"2026-01-01T00:00:00Z\", input_pico_dollars: 1, output_pico_dollars: 1}}\n",
                       odd)));
  EXPECT_TRUE(planned.contains(R"(title: a\xC2\x9B\xE2\x80\xAE)")) << planned;
  EXPECT_TRUE(planned.contains(R"(metadata: {"k":"a\xC2\x9B\xE2\x80\xAE"})")) << planned;
  EXPECT_TRUE(planned.contains(R"(+ price a\xC2\x9B\xE2\x80\xAE/m since)")) << planned;
  EXPECT_FALSE(planned.contains("\xC2\x9B") || planned.contains("\xE2\x80\xAE")) << planned;
}

TEST_P(ApplyTest, ALongTextIsCutBetweenCharacters) {
  const auto planned = [&](std::string_view title) {
    return plan_text(plan(fmt::format("plans:\n  - {{name: pro, title: \"{}\"}}\n", title)));
  };
  std::string title = "a";
  for (int i = 0; i < 40; ++i) title += "ü";  // 81 bytes; the sixtieth is inside a character
  EXPECT_TRUE(planned(title).contains("    title: " + title.substr(0, 59) + "...\n")) << planned(title);
}

TEST_P(ApplyTest, AnExportAppliedChangesNothing) {
  apply(kTeam);
  const std::string text = exported();
  EXPECT_TRUE(text.contains("workspaces:\n  - name: acme\n    title: \"Acme Ltd.\"\n    plan: pro\n")) << text;
  EXPECT_EQ(apply(text, Prune::kYes), "nothing to do\n") << text;
}

// Counts what it passes on.
class CountedCatalog final : public CatalogService {
 public:
  explicit CountedCatalog(CatalogService& inner) : inner_(inner) {}
  Result<CatalogReply> ask(const CatalogRequest& request) override {
    ++requests;
    return inner_.ask(request);
  }
  Instant now() const override { return inner_.now(); }

  size_t requests = 0;

 private:
  CatalogService& inner_;
};

TEST_P(ApplyTest, AnExportAsksForEachKindAndForNoRecordAlone) {
  apply(kTeam);
  CountedCatalog counted(catalog_.service());
  ASSERT_TRUE(export_declaration(counted));
  EXPECT_EQ(counted.requests, declared_nouns().size());
}

TEST(EmptyCatalogTest, AllOfAFileIsToBeMadeAndNothingElseIsThere) {
  const auto service = empty_catalog([] { return Instant::from_seconds(1); });
  const auto planned = plan_declaration(*service, parse_declaration(kTeam, "f").value(), Prune::kYes);
  ASSERT_TRUE(planned) << planned.error().to_string();
  EXPECT_TRUE(plan_text(*planned).ends_with("7 to make, 0 to change, 0 to remove\n")) << plan_text(*planned);
  for (const std::string name : {"pro", "plan_01m8rqkqg0r9vj9vhqyg2egk56"}) {
    const auto text = fmt::format("workspaces:\n  - {{name: acme, plan: {}}}\n", name);
    const auto refused = plan_declaration(*service, parse_declaration(text, "f").value(), Prune::kNo);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().to_string().contains("there is no plan '" + name + "'")) << refused.error().to_string();
  }
  EXPECT_FALSE(carry_out(*service, *planned));
}

// Texts that YAML, JSON or a shell could take for something else.
std::string odd_text(std::mt19937& random) {
  const std::string_view pieces[] = {"a",  "true", "null", "~",  "5",  "1e3", " ",   "\"", "'",    "\\", "#",   ": ",
                                     "- ", "{",    "[",    "ü",  "キ", "😀",  "\t",  "%",  "yes",  "-",  "&",   "*",
                                     "!",  "|",    ">",    "no", ",",  "0x1", "1_0", "@",  "x: y", "``", "\x7f"};
  std::string text;
  for (size_t i = random() % 5; i > 0; --i) text += pieces[random() % std::size(pieces)];
  return text;
}

catalog::TextMap odd_map(std::mt19937& random) {
  catalog::TextMap map;
  for (size_t i = random() % 3; i > 0; --i) map["k" + odd_text(random)] = odd_text(random);
  return map;
}

// A title has no control characters.
std::string odd_title(std::mt19937& random) {
  std::string title = odd_text(random);
  std::erase_if(title, [](char c) { return c == '\t' || c == '\x7f'; });
  return title;
}

void fill_at_random(catalog::CatalogStore& store, std::mt19937& random, Instant now) {
  const catalog::Actor actor;
  std::vector<std::string> plans;
  std::vector<std::string> workspaces;
  for (size_t i = random() % 4; i > 0; --i) {
    catalog::PlanRecord plan = {.name = "plan" + std::to_string(i), .title = odd_title(random)};
    if (random() % 2 == 0) plan.limits = {{"chat", random() % 2 == 0 ? "unlimited" : "600/m burst 20"}, {"n.1", "5"}};
    plan.metadata = odd_map(random);
    plans.push_back(catalog::create(store, plan, actor, now).value().head.id);
  }
  for (size_t i = random() % 4; i > 0; --i) {
    catalog::WorkspaceRecord workspace = {.name = random() % 2 == 0 ? "true" + std::to_string(i) : std::to_string(i),
                                          .title = odd_title(random),
                                          .metadata = odd_map(random)};
    if (!plans.empty() && random() % 2 == 0) workspace.plan_id = plans[random() % plans.size()];
    if (random() % 3 == 0) workspace.state = catalog::RecordState::kSuspended;
    workspaces.push_back(catalog::create(store, workspace, actor, now).value().head.id);
  }
  const std::string_view definitions[] = {"{{\"name\":\"r{0}\",\"per\":\"ip\",\"limit\":\"5/m\"}}",
                                          "name: r{0}\nper: ip\nlimit: 5/m\n", "  name: r{0}\n  per: ip\n  limit: 5/m",
                                          "# why\nname: r{0}\n\nper: ip\nlimit: 5/m # \"so\""};
  for (size_t i = random() % 5; i > 0; --i) {
    const std::string definition =
        fmt::format(fmt::runtime(definitions[random() % std::size(definitions)]), std::to_string(i));
    catalog::create(store, catalog::RuleRecord{.name = "r" + std::to_string(i), .definition = definition}, actor, now)
        .value();
  }
  for (size_t i = random() % 3; i > 0; --i) {
    catalog::PriceRecord price = {.provider = odd_title(random) + "p",
                                  .model = "m" + std::to_string(i),
                                  .starts_at = {now.us - static_cast<int64_t>(random() % 1'000'000'007)},
                                  .input_pico_dollars = static_cast<int64_t>(random())};
    if (random() % 2 == 0) price.reasoning_pico_dollars = 0;
    catalog::create(store, price, actor, now).value();
  }
  for (size_t i = random() % 3; i > 0; --i) {
    catalog::BudgetRecord budget = {.name = "b" + std::to_string(i), .amount = static_cast<int64_t>(random()) + 1};
    if (!workspaces.empty() && random() % 2 == 0) budget.workspace_id = workspaces[random() % workspaces.size()];
    if (random() % 2 == 0) budget.unit = catalog::BudgetUnit::kTokens;
    if (random() % 2 == 0) budget.time_zone = "Europe/Berlin";
    catalog::create(store, budget, actor, now).value();
  }
}

TEST(ExportTest, AnExportOfAnyCatalogAppliedChangesNothingThereAndMakesTheSameElsewhere) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const AskedHow how = seed % 6 == 0 ? AskedHow::kAtAServer : AskedHow::kStraight;
    CatalogForTests from(how);
    fill_at_random(from.store(), random, from.now);
    const auto text = export_declaration(from.service());
    ASSERT_TRUE(text) << text.error().to_string();
    const auto declaration = parse_declaration(*text, "export.yaml");
    ASSERT_TRUE(declaration) << "seed " << seed << ": " << declaration.error().to_string() << "\n" << *text;
    const auto nothing = plan_declaration(from.service(), *declaration, Prune::kYes);
    ASSERT_TRUE(nothing) << nothing.error().to_string();
    ASSERT_EQ(plan_text(*nothing), "nothing to do\n") << "seed " << seed << "\n" << *text;

    CatalogForTests to(how);
    const auto all = plan_declaration(to.service(), *declaration, Prune::kYes);
    ASSERT_TRUE(all) << all.error().to_string();
    const auto done = carry_out(to.service(), *all);
    ASSERT_TRUE(done) << "seed " << seed << ": " << done.error().to_string();
    EXPECT_EQ(export_declaration(to.service()).value(), *text) << "seed " << seed;
  }
}

}  // namespace
}  // namespace rateguard::app
