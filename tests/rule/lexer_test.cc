// Literals as the lexer reads them, and what it refuses.
#include <gtest/gtest.h>

#include "rule/rule_fixture.h"
#include "rule/token.h"

namespace verdict::rule {
namespace {

Token First(const std::string& text) {
  Findings findings;
  const std::vector<Token> tokens = Lex(text, &findings);
  EXPECT_TRUE(findings.empty()) << text;
  return tokens.front();
}

std::string_view FirstCode(const std::string& text) {
  static Findings findings;
  findings.clear();
  Lex(text, &findings);
  return findings.empty() ? "" : findings.front().code;
}

TEST(Lexer, ReadsNumbers) {
  EXPECT_EQ(First("42").number, 42u);
  EXPECT_EQ(First("0x1f").number, 31u);
  EXPECT_EQ(First("18446744073709551615u").number, UINT64_MAX);
  EXPECT_EQ(First("0xFFu").kind, TokenKind::kUint);
  EXPECT_EQ(First("1.5").real, 1.5);
  EXPECT_EQ(First(".5").real, 0.5);
  EXPECT_EQ(First("1e3").real, 1000.0);
  EXPECT_EQ(First("1.25E-2").real, 0.0125);
  EXPECT_EQ(First("1e-400").real, 0.0);
  EXPECT_EQ(First("1e3").kind, TokenKind::kDouble);
}

TEST(Lexer, KeepsAMethodApartFromItsNumber) {
  Findings findings;
  const std::vector<Token> tokens = Lex("1.size()", &findings);
  ASSERT_GE(tokens.size(), 3u);
  EXPECT_EQ(tokens[0].kind, TokenKind::kInt);
  EXPECT_EQ(tokens[1].kind, TokenKind::kDot);
  EXPECT_EQ(tokens[2].text, "size");
}

TEST(Lexer, ReadsTexts) {
  EXPECT_EQ(First("'a\"b'").text, "a\"b");
  EXPECT_EQ(First(R"("a\"b\\\n\t")").text, "a\"b\\\n\t");
  EXPECT_EQ(First(R"('\x41\101\u00e9\U0001F600')").text, "AA\u00e9\U0001F600");
  EXPECT_EQ(First(R"(r'\d+')").text, "\\d+");
  EXPECT_EQ(First("'''a'b\nc'''").text, "a'b\nc");
  EXPECT_EQ(First(R"("""a"b""")").text, "a\"b");
  EXPECT_EQ(First("''").text, "");
  EXPECT_EQ(First("b'a\\xff'").text, "a\xff");
  EXPECT_EQ(First("b'a'").kind, TokenKind::kBytes);
  EXPECT_EQ(First("br'\\x'").text, "\\x");
}

TEST(Lexer, SkipsSpaceAndComments) {
  EXPECT_EQ(First(" \t\n// a comment\n 7").number, 7u);
  EXPECT_EQ(First("// nothing").kind, TokenKind::kEnd);
}

TEST(Lexer, RefusesWhatIsNoToken) {
  EXPECT_EQ(FirstCode("'abc"), "R001");
  EXPECT_EQ(FirstCode("'ab\nc'"), "R001");
  EXPECT_EQ(FirstCode("'\\q'"), "R001");
  EXPECT_EQ(FirstCode("'\\ud800'"), "R001");
  EXPECT_EQ(FirstCode("'\\x4'"), "R001");
  EXPECT_EQ(FirstCode("b'\\u0041'"), "R001");
  EXPECT_EQ(FirstCode("0x"), "R001");
  EXPECT_EQ(FirstCode("500EUR"), "R001");
  EXPECT_EQ(FirstCode("a # b"), "R002");
  EXPECT_EQ(FirstCode("\xff"), "R002");
  EXPECT_EQ(FirstCode("18446744073709551616"), "R301");
  EXPECT_EQ(FirstCode("9223372036854775809"), "R301");
  EXPECT_EQ(FirstCode("1e999"), "R301");
}

TEST(Lexer, SpansAreBytesOfTheText) {
  Findings findings;
  const std::vector<Token> tokens = Lex("'\u00e9' == x", &findings);
  ASSERT_EQ(tokens.size(), 4u);
  EXPECT_EQ(tokens[0].span.end, 4u);
  EXPECT_EQ(tokens[1].span.begin, 5u);
  EXPECT_EQ(tokens[2].span.begin, 8u);
}

}  // namespace
}  // namespace verdict::rule
