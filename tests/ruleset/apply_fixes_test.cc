// Fixes put into the text of a file: through escapes, beside each other, and where they overlap.
#include "ruleset/apply_fixes.h"

#include "gmock/gmock.h"

namespace verdict::ruleset {
namespace {

using ::testing::IsEmpty;

struct Piece {
  int line, column, length;
  std::string text;
};

rule::Diagnostic Mistake(std::vector<Piece> pieces, const std::string& file = "a.json") {
  rule::Diagnostic d;
  d.code = "R102";
  d.place = {file, pieces[0].line, pieces[0].column, pieces[0].length};
  for (const Piece& piece : pieces) {
    d.fixes.push_back({{file, piece.line, piece.column, piece.length}, piece.text});
  }
  return d;
}

std::string Mended(std::string_view text, const std::vector<rule::Diagnostic>& diagnostics) {
  return ApplyFixes("a.json", text, diagnostics).text;
}

TEST(ApplyFixes, PutsTheNewTextInPlaceOfTheOld) {
  const MendedText mended = ApplyFixes("a.json", "[\n \"txn.amout > 5\"\n]\n",
                                       {Mistake({{2, 7, 5, "amount"}}), rule::Diagnostic()});
  EXPECT_EQ(mended.text, "[\n \"txn.amount > 5\"\n]\n");
  ASSERT_EQ(mended.applied.size(), 1u);
  EXPECT_EQ(mended.applied[0].code, "R102");
  EXPECT_EQ(mended.applied[0].place.line, 2);
  EXPECT_EQ(mended.applied[0].before, "amout");
  EXPECT_EQ(mended.applied[0].after, "amount");
  EXPECT_EQ(mended.left, 0u);
}

TEST(ApplyFixes, CountsCodePointsOfTheFileAndNotItsMark) {
  EXPECT_EQ(Mended("\"é\\u00e9 amout\"", {Mistake({{1, 10, 5, "amount"}})}), "\"é\\u00e9 amount\"");
  EXPECT_EQ(Mended("\xEF\xBB\xBF\"amout\"", {Mistake({{1, 2, 5, "amount"}})}),
            "\xEF\xBB\xBF\"amount\"");
}

TEST(ApplyFixes, WritesTheNewTextAsItStandsWithinAJsonString) {
  EXPECT_EQ(Mended("\"x\"", {Mistake({{1, 2, 1, "\"EUR\\\" é\n"}})}),
            "\"\\\"EUR\\\\\\\" é\\u000a\"");
}

TEST(ApplyFixes, TakesAllEditsOfADiagnosticAsOne) {
  const MendedText mended =
      ApplyFixes("a.json", "\"not a > 5\"", {Mistake({{1, 11, 0, ")"}, {1, 2, 4, "!("}})});
  EXPECT_EQ(mended.text, "\"!(a > 5)\"");
  EXPECT_EQ(mended.applied[0].before, "not a > 5");
  EXPECT_EQ(mended.applied[0].after, "!(a > 5)");
}

TEST(ApplyFixes, MendsWithinWhatAnotherFixEncloses) {
  EXPECT_EQ(Mended("\"not a > 5\"",
                   {Mistake({{1, 2, 4, "!("}, {1, 11, 0, ")"}}), Mistake({{1, 6, 1, "b.a"}})}),
            "\"!(b.a > 5)\"");
}

TEST(ApplyFixes, LeavesWhatOverlapsAFixThatCameFirst) {
  const MendedText mended =
      ApplyFixes("a.json", "\"abcdef\"",
                 {Mistake({{1, 2, 3, "X"}}), Mistake({{1, 4, 2, "Y"}, {1, 7, 1, "Z"}}),
                  Mistake({{1, 5, 1, "D"}})});
  EXPECT_EQ(mended.text, "\"XDef\"");
  EXPECT_EQ(mended.applied.size(), 2u);
  EXPECT_EQ(mended.left, 1u);
}

TEST(ApplyFixes, AnInsertionStandsBeforeWhatBeginsThere) {
  EXPECT_EQ(Mended("\"ab\"", {Mistake({{1, 3, 1, "B"}}), Mistake({{1, 3, 0, "+"}})}), "\"a+B\"");
}

TEST(ApplyFixes, TellsThemInTheOrderOfTheFile) {
  const MendedText mended =
      ApplyFixes("a.json", "\"a\"\n\"b\"", {Mistake({{2, 2, 1, "B"}}), Mistake({{1, 2, 1, "A"}})});
  EXPECT_EQ(mended.text, "\"A\"\n\"B\"");
  ASSERT_EQ(mended.applied.size(), 2u);
  EXPECT_EQ(mended.applied[0].after, "A");
}

TEST(ApplyFixes, TouchesNoOtherFileAndNoPlaceThatIsNotThere) {
  const MendedText mended = ApplyFixes(
      "a.json", "\"ab\"\n",
      {Mistake({{1, 2, 1, "X"}}, "b.json"), Mistake({{1, 4, 2, "X"}}), Mistake({{3, 1, 0, "X"}})});
  EXPECT_EQ(mended.text, "\"ab\"\n");
  EXPECT_THAT(mended.applied, IsEmpty());
  EXPECT_EQ(mended.left, 2u);
}

}  // namespace
}  // namespace verdict::ruleset
