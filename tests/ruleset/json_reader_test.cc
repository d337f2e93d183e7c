// Places of values, keys and characters; what is said of a text that is not JSON.
#include "ruleset/json_reader.h"

#include "gmock/gmock.h"

namespace verdict::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::unique_ptr<const JsonDocument> MustRead(const std::string& text) {
  Findings findings;
  auto document = ReadJson("f.json", text, &findings);
  EXPECT_THAT(findings.list(), IsEmpty());
  EXPECT_NE(document, nullptr);
  return document;
}

// "2:5 message" of each finding.
std::vector<std::string> Errors(const std::string& text) {
  Findings findings;
  ReadJson("f.json", text, &findings);
  std::vector<std::string> errors;
  for (const rule::Diagnostic& d : findings.list()) {
    EXPECT_EQ(d.place.file, "f.json");
    errors.push_back(d.code + " " + std::to_string(d.place.line) + ":" +
                     std::to_string(d.place.column) + " " + d.message);
  }
  return errors;
}

TEST(JsonReader, KnowsThePlaceOfEachValueAndKey) {
  auto document = MustRead(
      "{ // a comment, with \"quotes\"\n  \"ab\": [1, -2.5e3, true,\n   null],\n"
      "  \"c\" : { \"d\\u00e9\":\"x\" } }");
  const JsonValue& root = document->root();
  ASSERT_THAT(root.children, SizeIs(2));
  const JsonValue& list = *root.Find("ab");
  ASSERT_THAT(list.children, SizeIs(4));
  EXPECT_EQ(list.children[0]->integer, 1);
  EXPECT_EQ(list.children[1]->real, -2500.0);
  EXPECT_TRUE(list.children[2]->boolean);
  rule::Place place = document->PlaceOf(*list.children[1]);
  EXPECT_THAT((std::vector<int>{place.line, place.column, place.length}), ElementsAre(2, 13, 6));
  place = document->PlaceOf(*list.children[3]);
  EXPECT_THAT((std::vector<int>{place.line, place.column, place.length}), ElementsAre(3, 4, 4));
  const JsonValue& inner = *root.Find("c")->children[0];
  EXPECT_EQ(inner.key, "d\xC3\xA9");
  place = document->PlaceOfKey(inner);
  EXPECT_THAT((std::vector<int>{place.line, place.column, place.length}), ElementsAre(4, 11, 9));
  EXPECT_EQ(JsonDocument::PointerTo(*list.children[3]), "/ab/3");
  EXPECT_EQ(JsonDocument::PointerTo(inner), "/c/d\xC3\xA9");
  EXPECT_EQ(JsonDocument::PointerTo(root), "");
}

TEST(JsonReader, EscapesPointers) {
  auto document = MustRead(R"({"a/b": {"c~d": 1}})");
  EXPECT_EQ(JsonDocument::PointerTo(*document->root().children[0]->children[0]), "/a~1b/c~0d");
}

TEST(JsonReader, MapsEachCharacterOfAStringToItsPlaceInTheFile) {
  // In the file: é as itself, a quote escaped, \u00e9, a surrogate pair, a tab escaped, an astral
  // character as itself.
  auto document = MustRead("{\n \"k\": \"\xC3\xA9\\\"\\u00e9\\uD83D\\uDE00\\t\xF0\x9F\x98\x80z\"}");
  const JsonValue& value = *document->root().Find("k");
  EXPECT_EQ(value.text, "\xC3\xA9\"\xC3\xA9\xF0\x9F\x98\x80\t\xF0\x9F\x98\x80z");
  rule::Source source = document->SourceOf(value);
  EXPECT_EQ(source.text, value.text);
  EXPECT_EQ(source.file, "f.json");
  EXPECT_EQ(source.pointer, "/k");
  std::vector<int> columns;
  for (const auto& position : source.place_of) {
    EXPECT_EQ(position.line, 2);
    columns.push_back(position.column);
  }
  // é at 8, \" at 9, \u00e9 at 11, the pair at 17, \t at 29, the face at 31, z at 32, the end
  // at 33.
  EXPECT_THAT(columns, ElementsAre(8, 9, 11, 17, 29, 31, 32, 33));
}

TEST(JsonReader, CountsColumnsInCharactersBehindAByteOrderMark) {
  auto document = MustRead("\xEF\xBB\xBF{\"\xC3\xA9\": 1}");
  rule::Place place = document->PlaceOf(document->root());
  EXPECT_EQ(place.column, 1);
  place = document->PlaceOf(*document->root().children[0]);
  EXPECT_EQ(place.column, 7);
}

TEST(JsonReader, NamesBothPlacesOfADuplicateKeyAndKeepsTheFirst) {
  Findings findings;
  auto document = ReadJson("f.json", "{\"a\": 1,\n \"b\": 2, \"a\": 3}", &findings);
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(document->root().Find("a")->integer, 1);
  EXPECT_THAT(document->root().children, SizeIs(2));
  ASSERT_THAT(findings.list(), SizeIs(1));
  const rule::Diagnostic& finding = findings.list()[0];
  EXPECT_EQ(finding.code, "R501");
  EXPECT_EQ(finding.place.line, 2);
  EXPECT_EQ(finding.place.column, 10);
  EXPECT_THAT(finding.message, HasSubstr("first at line 1, column 2"));
}

TEST(JsonReader, AllowsTheSameKeyInTwoObjects) {
  EXPECT_THAT(Errors(R"([{"a": 1}, {"a": 2, "b": {"a": 3}}])"), IsEmpty());
}

TEST(JsonReader, SaysWhatWasExpectedAndWhatStandsThere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "1:1 not JSON: expected `{`, found the end of the file"},
      {"{\"a\": 1", "1:8 not JSON: expected `,` or `}`, found the end of the file"},
      {"{\"a\": 1,\n}", "1:8 not JSON: the last `,` before `}` is one too many"},
      {"[1, 2, // two\n ]", "1:6 not JSON: the last `,` before `]` is one too many"},
      {"{\"a\": 1 \"b\": 2}",
       "1:9 not JSON: expected `,` or `}`, found `\"b\"`; a comma is missing before it"},
      {"{a: 1}", "1:2 not JSON: expected a key or `}`, found `a`; keys stand in double quotes"},
      {"{\"a\" 1}", "1:6 not JSON: expected `:` after the key, found `1`"},
      {"{\"a\": }", "1:7 not JSON: expected a value, found `}`"},
      {"{\"a\": True}",
       "1:7 not JSON: expected a value, found `True`; bare words are `true`, "
       "`false` and `null`, text stands in double quotes"},
      {"{\"a\": 'x'}", "1:7 not JSON: strings stand in double quotes; write `\"` for `'`"},
      {"{\"a\": \"x\n\"}",
       "1:7 not JSON: this string does not end on its line; the closing `\"` is missing"},
      {"{\"a\": \"\\d\"}",
       "1:8 not JSON: `\\d` is no escape; a backslash itself is written `\\\\`"},
      {"{\"a\": \"\\u12G4\"}", "1:8 not JSON: `\\u` needs four hexadecimal digits"},
      {"{\"a\": \"\\uD83D\"}", "1:8 not JSON: `\\uD8..` and `\\uDC..` stand only as a pair"},
      {"{\"a\": \"\t\"}", "1:8 not JSON: a tab in a string is written `\\t`"},
      {"{\"a\": \"\xC3\"}", "1:7 not JSON: this string is not UTF-8; save the file as UTF-8"},
      {"{\"a\": 01}", "1:8 not JSON: expected `,` or `}`, found `1`"},
      {"{\"a\": 1e999}",
       "1:7 not JSON: `1e999` is not a number as JSON writes it, or is out of range"},
      {"{\"a\": -}", "1:7 not JSON: `-` is not a number as JSON writes it, or is out of range"},
      {"{} {}", "1:4 not JSON: expected the end of the file, found `{`"},
      {"{ /* open", "1:3 not JSON: this comment does not end; `*/` is missing"},
      {"{ # no", "1:3 not JSON: expected a key or `}`, found `#`"},
      {"{ / no", "1:3 not JSON: a comment begins with `//`"},
      {"[1 2]", "1:4 not JSON: expected `,` or `]`, found `2`"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_THAT(Errors(text), ElementsAre("R502 " + error)) << text;
  }
}

TEST(JsonReader, RefusesWhatIsTooDeepOrTooLarge) {
  std::string deep = std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']');
  EXPECT_THAT(Errors(deep), IsEmpty());
  EXPECT_THAT(Errors("[" + deep + "]"), ElementsAre(HasSubstr("R500 1:65 nested deeper than 64")));
  EXPECT_THAT(Errors(std::string(kJsonBytesMax + 1, ' ')), ElementsAre(HasSubstr("bytes; a file")));
  std::string many = "[0";
  for (size_t i = 0; i < kJsonValuesMax; ++i) many += ",0";
  EXPECT_THAT(Errors(many + "]"), ElementsAre(HasSubstr("more than 1000000 values")));
}

TEST(JsonReader, NeverReadsPastTheEndOfATruncatedFile) {
  const std::string text =
      "{\"a\\u00e9\": [1.5, \"\\uD83D\\uDE00\", {\"b\": null}], /* c */ \"d\": true} // e";
  for (size_t size = 0; size + 8 < text.size(); ++size) {
    EXPECT_THAT(Errors(text.substr(0, size)), SizeIs(1)) << size;
  }
}

TEST(JsonReader, KeepsAnIntegerBeyondInt64AsANumberThatIsNotAnInt) {
  auto document = MustRead("[9223372036854775807, 9223372036854775808]");
  EXPECT_EQ(document->root().children[0]->kind, JsonKind::kInt);
  EXPECT_EQ(document->root().children[1]->kind, JsonKind::kDouble);
}

TEST(NearestName, FindsSwapsAndSlipsAndNothingFarAway) {
  EXPECT_EQ(NearestName("reveiw_at", {"deny_at", "review_at"}), "review_at");
  EXPECT_EQ(NearestName("whenall", {"when", "when_all"}), "when_all");
  EXPECT_EQ(NearestName("colour", {"when", "when_all"}), "");
  EXPECT_EQ(NameAdvice("x", {"deny", "allow"}), "; known are `deny` and `allow`");
}

}  // namespace
}  // namespace verdict::ruleset
