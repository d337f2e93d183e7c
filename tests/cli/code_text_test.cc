// The long texts of codes: each code of the product has one, and its example does what it says.
#include <re2/re2.h>

#include <set>

#include "cli/explain_code.h"
#include "gmock/gmock.h"
#include "rule/rule_fixture.h"
#include "ruleset/folder.h"

namespace verdict::cli {

static void PrintTo(const CodeText& code, std::ostream* os) { *os << code.code; }

namespace {

namespace fs = std::filesystem;
using ruleset::TestFolder;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

void CollectCodes(const std::string& text, const RE2& form, std::set<std::string>* codes) {
  re2::StringPiece rest(text);
  for (std::string code; RE2::FindAndConsume(&rest, form, &code);) codes->insert(code);
}

// As messages begin: "error[R102]"; and as literals of the sources that make them.
std::set<std::string> CodesInUse() {
  std::set<std::string> codes;
  for (const auto& entry : fs::directory_iterator("tests/ruleset/bad")) {
    CollectCodes(ruleset::ReadFileText(entry.path() / "golden.txt"), RE2(R"(\[(R\d{3})\])"),
                 &codes);
  }
  for (const auto& entry : fs::recursive_directory_iterator("service")) {
    const fs::path& path = entry.path();
    const bool source = path.extension() == ".cc" || path.extension() == ".h";
    if (!source || path.filename().string().starts_with("code_text")) continue;
    CollectCodes(ruleset::ReadFileText(path), RE2(R"re("(R\d{3})")re"), &codes);
  }
  return codes;
}

TEST(CodeTexts, AreThereForEachCodeInUseAndForNoOther) {
  std::set<std::string> told;
  std::string before;
  for (const CodeText& code : CodeTexts()) {
    EXPECT_LT(before, code.code) << "by code, each once";
    before = code.code;
    told.insert(before);
    EXPECT_NE(code.title, "") << code.code;
    EXPECT_NE(code.text, "") << code.code;
    const bool none = code.code == "R521" || code.code == "R522";  // too large, or not to be had
    EXPECT_EQ(code.in == ExampleIn::kNowhere, none) << code.code;
    EXPECT_EQ(code.in == ExampleIn::kNowhere, code.bad.empty()) << code.code;
    EXPECT_EQ(code.in == ExampleIn::kNowhere, code.mended.empty()) << code.code;
  }
  const std::set<std::string> in_use = CodesInUse();
  EXPECT_GE(in_use.size(), 60u);
  EXPECT_EQ(told, in_use);
}

// Members of an object that stand there unless the example brings its own.
using Members = std::vector<std::pair<std::string, std::string>>;

std::string ObjectOf(std::string_view example, const Members& others) {
  std::string text(example);
  for (const auto& [key, value] : others) {
    if (text.find("\"" + key + "\":") != std::string::npos) continue;
    text += ", \"" + key + "\": " + value;
  }
  return "{ " + text + " }";
}

// An example of a rule brings none of the keys that every rule has.
std::string RuleOf(std::string_view example) {
  std::string text = R"("id": "tried", "name": "Tried", "owner": "ann", )";
  if (example.find("\"when") == std::string::npos) text += R"("when": "card.count_1d >= 5", )";
  return "{ " + text + std::string(example) + " }";
}

// The messages of a sound folder in which the example stands.
std::vector<rule::Diagnostic> InFolder(ExampleIn in, std::string_view example) {
  const Members file = {{"schema", "\"txn/1\""}};
  const Members feature = {{"name", "\"tried\""},
                           {"entity", "\"card\""},
                           {"aggregate", "\"sum\""},
                           {"window", "\"1d\""}};
  TestFolder folder;
  std::string features =
      "{ \"name\": \"count_1d\", \"entity\": \"card\", \"aggregate\": "
      "\"count\", \"window\": \"1d\" }, { \"name\": \"volume_30d\", "
      "\"entity\": \"merchant\", \"aggregate\": \"sum\", \"window\": \"30d\" }";
  if (in == ExampleIn::kFeature) features += ", " + ObjectOf(example, feature);
  folder.Write("features.json", "{ \"features\": [" + features + "] }");
  folder.Write(
      "rules.json",
      in == ExampleIn::kRuleFile
          ? ObjectOf(example, {{"schema", "\"txn/1\""}, {"rules", "[]"}})
          : ObjectOf("\"rules\": [" +
                         (in == ExampleIn::kRule ? RuleOf(example) : RuleOf("\"score\": 1")) + "]",
                     file));
  if (in == ExampleIn::kPolicy) {
    folder.Write("policy.json", ObjectOf(example, {{"review_at", "50"},
                                                   {"deny_at", "100"},
                                                   {"reasons", "[\"VELOCITY\", \"LISTED\"]"}}));
  }
  if (in == ExampleIn::kSchema) folder.Write("schema.json", ObjectOf(example, file));
  return folder.Load().diagnostics;
}

std::vector<rule::Diagnostic> MessagesOf(const CodeText& code, std::string_view example) {
  if (code.in != ExampleIn::kCondition) return InFolder(code.in, example);
  return rule::Compile(std::string(example),
                       {.schema = &rule::TestSchema(), .lists = &rule::TestLists()})
      .diagnostics;
}

class CodeExamples : public ::testing::TestWithParam<CodeText> {};

TEST_P(CodeExamples, GiveTheirCodeAndMendedNone) {
  const CodeText& code = GetParam();
  bool told = false;
  for (const rule::Diagnostic& one : MessagesOf(code, code.bad)) {
    const bool this_one = one.code == code.code && one.severity == code.severity;
    told = told || this_one;
    EXPECT_TRUE(this_one || one.severity == rule::Severity::kHint) << one.code << one.message;
  }
  EXPECT_TRUE(told) << code.bad;
  for (const rule::Diagnostic& left : MessagesOf(code, code.mended)) {
    EXPECT_TRUE(left.code != code.code && left.severity == rule::Severity::kHint)
        << code.mended << ": " << left.code << " " << left.message;
  }
}

std::vector<CodeText> WithExamples() {
  std::vector<CodeText> texts;
  for (const CodeText& code : CodeTexts()) {
    if (code.in != ExampleIn::kNowhere) texts.push_back(code);
  }
  return texts;
}

INSTANTIATE_TEST_SUITE_P(All, CodeExamples, ::testing::ValuesIn(WithExamples()),
                         [](const auto& info) { return std::string(info.param.code); });

TEST(ExplainCode, PrintsTextAndExampleOfACode) {
  const CodeText* code = FindCode("r210");
  ASSERT_NE(code, nullptr);
  EXPECT_EQ(CodeTextText(*code),
            R"(R210  error  whole numbers beside numbers with a fraction

  `< <= > >=` compare an int with a double. `==`, arithmetic and `?:` want one type on both
  sides, as CEL does, because mixing hides mistakes: is 500 an amount or a count? Write the
  number with a point, or convert by `double( )`.

  In a condition:
    refused   txn.amount * 2 > 500
    mended    txn.amount * 2.0 > 500
)");
  EXPECT_EQ(CodeTextJson(*code)["example"]["mended"], "txn.amount * 2.0 > 500");
  EXPECT_THAT(CodeTextText(*FindCode("R311")), HasSubstr("\n    told of   txn.email.matches"));
  EXPECT_THAT(CodeTextText(*FindCode("R508")), HasSubstr("\n              \"tests\": ["));
  EXPECT_THAT(CodeTextText(*FindCode("R521")), Not(HasSubstr("mended")));
}

TEST(ExplainCode, WrapsItsText) {
  for (const CodeText& code : CodeTexts()) {
    std::istringstream lines(CodeTextText(code));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110u) << line;
  }
}

TEST(ExplainCode, ListsAllCodes) {
  EXPECT_THAT(CodeListText(), HasSubstr("R311  hint     a pattern without an end\n"));
  EXPECT_EQ(CodeListJson().size(), CodeTexts().size());
  EXPECT_EQ(CodeListJson()[0]["code"], "R001");
}

TEST(ExplainCode, KnowsWhatIsMeantAsACode) {
  for (const char* word : {"R210", "r1", "R99999"}) EXPECT_TRUE(LooksLikeCode(word)) << word;
  for (const char* word : {"", "R", "rules", "R21x", "210"}) {
    EXPECT_FALSE(LooksLikeCode(word)) << word;
  }
  EXPECT_EQ(FindCode("R219"), nullptr);
  EXPECT_EQ(NearestCode("R219"), "R210");
  EXPECT_EQ(NearestCode("R99999"), "");
}

}  // namespace
}  // namespace verdict::cli
