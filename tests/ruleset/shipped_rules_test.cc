// The rules that ship: they load without a word, and every example of their README does what it
// says.
#include <set>
#include <sstream>

#include "gmock/gmock.h"
#include "ruleset/folder.h"
#include "ruleset/given_record.h"
#include "ruleset/json_reader.h"
#include "ruleset/test_report.h"

namespace verdict::ruleset {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

std::shared_ptr<const RuleSet> Shipped() {
  LoadResult result = LoadRuleSet("rules", {.now_ms = TestFolder::kNowMs});
  EXPECT_THAT(TestFolder::Text(result, "\n\n"), "");
  return result.set;
}

TEST(ShippedRules, LoadWithoutAMessage) {
  auto set = Shipped();
  ASSERT_NE(set, nullptr);
  int live = 0;
  for (const Rule& rule : set->rules) live += rule.mode == Mode::kLive;
  EXPECT_GE(live, 14);
  EXPECT_GE(set->features->features().size(), 12u);
}

TEST(ShippedRules, SayWhoOwnsThemWhyAndOnWhatTheyWereTried) {
  auto set = Shipped();
  ASSERT_NE(set, nullptr);
  for (const Rule& rule : set->rules) {
    EXPECT_NE(rule.description, "") << rule.id;
    std::set<RuleResult> expected;
    for (const RuleTest& test : rule.tests) expected.insert(test.expect);
    EXPECT_THAT(expected, ::testing::IsSupersetOf({RuleResult::kMatch, RuleResult::kNoMatch}))
        << rule.id;
  }
}

// What no test has seen false may as well not be there.
TEST(ShippedRules, SeeEachClauseTrueAndFalseInTheirTests) {
  std::vector<TestedRule> tested;
  LoadRuleSet("rules", {.now_ms = TestFolder::kNowMs, .tested = &tested});
  ASSERT_GE(tested.size(), 30u);
  for (const TestedRule& rule : tested) {
    EXPECT_THAT(ClausesNeverSeen(rule, RuleResult::kMatch), IsEmpty()) << rule.id;
    EXPECT_THAT(ClausesNeverSeen(rule, RuleResult::kNoMatch), IsEmpty()) << rule.id;
  }
}

TEST(ShippedRules, CountAndAddUpAllOfAMerchantsPayments) {
  auto set = Shipped();
  ASSERT_NE(set, nullptr);
  for (const char* name : {"merchant.volume_30d", "merchant.count_30d"}) {
    auto features = set->features->features();
    auto it = std::find_if(features.begin(), features.end(),
                           [&](const feature::Feature& f) { return f.full_name == name; });
    ASSERT_NE(it, features.end()) << name;
    EXPECT_EQ(it->window_days, 30);
    EXPECT_EQ(set->features->measures()[it->measure].where, nullptr);
  }
}

// A fenced block of the README: what stands behind the fence, and its lines.
struct Block {
  std::string kind;
  std::string text;
};

std::vector<Block> Blocks() {
  std::vector<Block> blocks;
  std::istringstream readme(ReadFileText("rules/README.md"));
  bool inside = false;
  for (std::string line; std::getline(readme, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), ""});
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

// One line of a block of examples: an expression, and what stands in the comment behind it.
struct Example {
  std::string expression;
  std::string result;
};

std::vector<Example> Examples(const std::string& kind) {
  std::vector<Example> examples;
  for (const Block& block : Blocks()) {
    if (block.kind != kind) continue;
    std::istringstream lines(block.text);
    for (std::string line; std::getline(lines, line);) {
      size_t comment = line.rfind(" // ");
      EXPECT_NE(comment, std::string::npos) << line;
      std::string expression = line.substr(0, comment);
      expression.resize(expression.find_last_not_of(' ') + 1);
      examples.push_back({expression, line.substr(comment + 4)});
    }
  }
  return examples;
}

class ReadmeTest : public ::testing::Test {
 protected:
  ReadmeTest() : set_(Shipped()) {}
  std::unique_ptr<const rule::Expression> Compile(const std::string& text, bool condition,
                                                  std::vector<rule::Diagnostic>* found) {
    rule::Source source;
    source.text = text;
    return rule::Expression::Compile(
        source, {.schema = set_->schema.get(), .lists = &set_->lists, .check_result = condition},
        found);
  }
  std::shared_ptr<const RuleSet> set_;
};

TEST_F(ReadmeTest, ExamplesYieldWhatTheySay) {
  std::unique_ptr<const JsonDocument> document;
  Findings findings;
  for (const Block& block : Blocks()) {
    if (block.kind == "json payment") document = ReadJson("payment", block.text, &findings);
  }
  ASSERT_NE(document, nullptr);
  auto payment =
      ReadGiven(*document, document->root(),
                {.schema = set_->schema.get(), .features = set_->features.get()}, &findings);
  ASSERT_TRUE(payment.has_value()) << findings.list()[0].message;
  auto arena = rule::MakeEvaluationArena();
  int checked = 0;
  for (const Example& example : Examples("cel")) {
    std::vector<rule::Diagnostic> found;
    auto expression = Compile(example.expression, false, &found);
    ASSERT_NE(expression, nullptr) << rule::FormatDiagnostic(found[0], false);
    std::string result =
        rule::FormatValue(expression->Evaluate(payment->record, arena.get()), set_->schema.get());
    if (example.result == "error") result = result.substr(0, 5);
    EXPECT_EQ(result, example.result) << example.expression;
    ++checked;
  }
  EXPECT_GE(checked, 30);
}

TEST_F(ReadmeTest, RefusedExamplesAreRefusedWithTheirCode) {
  int checked = 0;
  for (const Example& example : Examples("cel-refused")) {
    std::vector<rule::Diagnostic> found;
    EXPECT_EQ(Compile(example.expression, true, &found), nullptr) << example.expression;
    ASSERT_FALSE(found.empty()) << example.expression;
    EXPECT_EQ(found[0].code, example.result) << found[0].message;
    ++checked;
  }
  EXPECT_GE(checked, 5);
}

TEST_F(ReadmeTest, TheFeaturesLoadAndTheirConditionsCompile) {
  TestFolder folder;
  folder.Remove("rules.json");
  std::string conditions;
  for (const Block& block : Blocks()) {
    if (block.kind == "jsonc features") folder.Write("features.json", block.text);
    if (block.kind == "cel features") conditions = block.text;
  }
  LoadResult loaded = folder.Load();
  ASSERT_NE(loaded.set, nullptr) << folder.Messages();
  set_ = loaded.set;
  int checked = 0;
  std::istringstream lines(conditions);
  for (std::string line; std::getline(lines, line); ++checked) {
    std::vector<rule::Diagnostic> found;
    EXPECT_NE(Compile(line, /*condition=*/true, &found), nullptr)
        << rule::FormatDiagnostic(found[0], false);
  }
  EXPECT_GE(checked, 3);
}

TEST_F(ReadmeTest, TheExampleFileLoadsBesideTheOthers) {
  TestFolder folder;
  folder.Remove("rules.json");
  fs::copy("rules", folder.path(),
           fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  int files = 0;
  for (const Block& block : Blocks()) {
    if (block.kind == "jsonc")
      folder.Write("example" + std::to_string(files++) + ".json", block.text);
  }
  EXPECT_GE(files, 1);
  EXPECT_EQ(folder.Messages(), "");
}

}  // namespace
}  // namespace verdict::ruleset
