// The corpus of mistakes: each case has its message, at the place that a person marked; each code
// and each trap has a case; and each fix mends. VERDICT_UPDATE_GOLDEN=1 writes the messages anew.
#include <re2/re2.h>

#include <set>

#include "gmock/gmock.h"
#include "ruleset/apply_fixes.h"
#include "ruleset/corpus.h"

namespace verdict::ruleset {
namespace {

namespace fs = std::filesystem;

class BadRules : public ::testing::TestWithParam<std::string> {
 protected:
  BadRules() : overlay_(kCorpus / GetParam()) { LayOver(overlay_, &folder_); }
  fs::path overlay_;
  TestFolder folder_;
};

TEST_P(BadRules, GetTheirMessage) {
  const std::string messages = folder_.Messages();
  EXPECT_NE(messages, "");
  if (std::getenv("VERDICT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(overlay_ / "golden.txt") << messages;
    return;
  }
  EXPECT_EQ(messages, ReadFileText(overlay_ / "golden.txt"));
}

std::string Shown(const rule::Place& place) {
  return fs::path(place.file).filename().string() + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column) + " over " + std::to_string(place.length);
}

TEST_P(BadRules, ArePointedAtWhereAPersonWouldLook) {
  const std::vector<Mark> marks = MarksOf(overlay_);
  const std::vector<rule::Diagnostic> found = folder_.Load().diagnostics;
  EXPECT_EQ(marks.size(), found.size()) << "place.txt marks each diagnostic";
  for (const Mark& mark : marks) {
    const rule::Place place = PlaceOfMark(mark, folder_.path());
    ASSERT_NE(place.line, -1) << "the piece does not stand once in " << mark.file;
    std::string pointed;
    const bool met = std::any_of(found.begin(), found.end(), [&](const rule::Diagnostic& d) {
      pointed += " " + d.code + " at " + Shown(d.place);
      return d.code == mark.code && d.place.file == place.file && d.place.line == place.line &&
             d.place.column == place.column &&
             (place.length == -1 || d.place.length == place.length);
    });
    EXPECT_TRUE(met) << mark.code << " is marked at " << Shown(place) << ", found are" << pointed;
  }
}

// Codes of errors.
std::set<std::string> ErrorsOf(const std::vector<rule::Diagnostic>& diagnostics) {
  std::set<std::string> codes;
  for (const rule::Diagnostic& d : diagnostics) {
    if (d.severity == rule::Severity::kError) codes.insert(d.code);
  }
  return codes;
}

// What a load says once the fixes of `diagnostics` are in their file.
std::vector<rule::Diagnostic> Mended(const LoadResult& found,
                                     const std::vector<rule::Diagnostic>& diagnostics,
                                     const std::string& folder) {
  LoadOptions options{.now_ms = TestFolder::kNowMs};
  for (const auto& [file, text] : found.fixable) {
    options.instead[file] = ApplyFixes(file, text, diagnostics).text;
  }
  return LoadRuleSet(folder, options).diagnostics;
}

TEST_P(BadRules, AreMendedByEachFix) {
  const LoadResult found = folder_.Load();
  for (const rule::Diagnostic& mistake : found.diagnostics) {
    if (mistake.fixes.empty()) continue;
    const auto left = Mended(found, {mistake}, folder_.path().string());
    for (const rule::Diagnostic& d : left) {
      EXPECT_FALSE(d.code == mistake.code && d.place.line == mistake.place.line &&
                   d.place.column == mistake.place.column)
          << rule::FormatDiagnostic(d, false);
    }
    EXPECT_THAT(ErrorsOf(found.diagnostics), ::testing::IsSupersetOf(ErrorsOf(left)));
  }
  if (std::all_of(found.diagnostics.begin(), found.diagnostics.end(),
                  [](const rule::Diagnostic& d) { return !d.fixes.empty(); })) {
    EXPECT_THAT(ErrorsOf(Mended(found, found.diagnostics, folder_.path().string())),
                ::testing::IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, BadRules, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param; });

TEST(Corpus, OffersFixes) {
  int fixes = 0;
  for (const std::string& name : Cases()) {
    TestFolder folder;
    LayOver(kCorpus / name, &folder);
    for (const rule::Diagnostic& d : folder.Load().diagnostics) fixes += d.fixes.empty() ? 0 : 1;
  }
  EXPECT_GE(fixes, 20);
}

TEST(Corpus, HasACaseOfEachCode) {
  // No file makes the two evaluators differ.
  const std::set<std::string> elsewhere = {"R521"};
  std::set<std::string> codes;
  for (const char* room : {"service/rule", "service/ruleset", "service/feature"}) {
    for (const auto& entry : fs::directory_iterator(room)) {
      const std::string source = ReadFileText(entry.path());
      const RE2 form("\"(R[0-9]{3})\"");
      re2::StringPiece rest(source);
      for (std::string code; RE2::FindAndConsume(&rest, form, &code);) codes.insert(code);
    }
  }
  ASSERT_GT(codes.size(), 60u);
  std::string golden;
  for (const std::string& name : Cases()) golden += ReadFileText(kCorpus / name / "golden.txt");
  for (const std::string& code : codes) {
    const bool has = golden.find("[" + code + "]") != std::string::npos;
    EXPECT_NE(has, elsewhere.contains(code)) << code;
  }
}

// What answers a trap: a code in the messages of a case or, where the language settles it by
// meaning, what a test of its own says.
struct Trap {
  int number;
  std::string answer;
  std::string where;
};

constexpr char kEvaluator[] = "tests/rule/evaluator_test.cc";
constexpr char kLogic[] = "tests/rule/logic_test.cc";
constexpr char kGiven[] = "tests/ruleset/given_record_test.cc";

const std::vector<Trap>& Traps() {
  static const auto& traps = *new std::vector<Trap>{
      {1, R"~(Case{"txn.amount > 500", "true"})~", kEvaluator},
      {2, "R210", "types_in_clause"},
      {2, "R210", "product_of_double_and_int"},
      {2, "R210", "choice_of_int_and_double"},
      {3, "R211", "list_of_int_and_double"},
      {4, "R230", "ratio_of_ints"},
      {5, "R231", "division_by_what_may_be_zero"},
      {6, "TEST(FourResults, OrIsTrueWhereEitherIsTrueElseTheGreater)", kLogic},
      {7, R"~(Case{"has(device.age_days)", "false"})~", kEvaluator},
      {8, "TEST_F(GivenTest, LeavesOutWhatIsNullOrNotGiven)", kGiven},
      {9, R"~(Case{"device.age_days", "missing: device.age_days"})~", kEvaluator},
      {10, "TEST(FourResults, AndIsFalseWhereEitherIsFalseElseTheGreater)", kLogic},
      {11, "R240", "constant_hides_the_rest"},
      {12, "R320", "month_never_comes"},
      {12, "R321", "month_from_zero"},
      {13, "R322", "hours_of_utc"},
      {14, "R302", "duration_in_days"},
      {14, "R302", "date_without_time"},
      {15, "R311", "pattern_without_anchor"},
      {16, "R310", "pattern_with_look_ahead"},
      {17, "R212", "doubles_equal"},
      {18, "R213", "digits_compared_as_text"},
      {19, R"~(Case{"card.count_1h + 9223372036854775807", "error: integer overflow"})~",
       kEvaluator},
      {20, "R323", "ascii_case"},
      {21, "TEST_F(GivenTest, TakesWholeDoublesForInts)", kGiven},
      {22, "R104", "clock"},
      {23, "R102", "escaped_quotes_shift_columns"},
      {23, "R005", "double_quotes"},
      {24, "R501", "duplicate_key"},
      {25, "R102", "unknown_field"}};
  return traps;
}

TEST(Corpus, HasAnAnswerToEachTrap) {
  constexpr size_t kTraps = 25;
  std::set<int> answered;
  for (const Trap& trap : Traps()) {
    answered.insert(trap.number);
    const bool test = trap.where.ends_with(".cc");
    const std::string text =
        ReadFileText(test ? fs::path(trap.where) : kCorpus / trap.where / "golden.txt");
    EXPECT_THAT(text.find(trap.answer), ::testing::Ne(std::string::npos))
        << "trap " << trap.number << ": no " << trap.answer << " in " << trap.where;
  }
  EXPECT_EQ(answered.size(), kTraps);
}

TEST(GoodRules, HaveNoMessage) {
  TestFolder folder;
  EXPECT_EQ(folder.Messages(), "");
  EXPECT_NE(folder.Load().set, nullptr);
}

}  // namespace
}  // namespace verdict::ruleset
