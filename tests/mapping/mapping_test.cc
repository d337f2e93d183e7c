// Mapping files and what they make of rows.
#include "mapping/mapping.h"

#include "gtest/gtest.h"
#include "mapping/exact_number.h"
#include "mapping/row_mapper.h"
#include "support/status_matchers.h"

namespace verdict::mapping {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr char kGood[] = R"({
  // comments are fine
  "fields": {
    "id": {"column": "tx", "prefix": "hb-"},
    "event_time_ms": {"column": "at", "zone": "Europe/Paris"},
    "amount_minor": {"column": "amount", "unit": "major"},
    "currency": {"column": "cur"},
    "merchant_id": "shop",
    "status": {"column": "ok", "values": {"Y": "approved", "N": "declined"}},
    "attributes.lat": {"column": "lat", "type": "double"}
  },
  "filters": [{"column": "type", "not_in": ["balance"]}],
  "label": {"column": "fraud", "only_fraud": false}
})";
const std::vector<std::string> kHeader = {"tx", "at",  "amount", "cur",  "shop",
                                          "ok", "lat", "type",   "fraud"};

absl::Status ParseError(const std::string& text) { return Mapping::Parse("m.json", text).status(); }

class RowMapperTest : public ::testing::Test {
 protected:
  absl::StatusOr<bool> Map(const std::vector<std::string_view>& row) {
    auto mapping = Mapping::Parse("m.json", kGood);
    if (!mapping.ok()) return mapping.status();
    auto mapper = RowMapper::Bind(*mapping, kHeader);
    if (!mapper.ok()) return mapper.status();
    return mapper->Map(row, &event_, &label_);
  }
  model::Event event_;
  std::optional<bool> label_;
};

TEST_F(RowMapperTest, ARowBecomesAPaymentWithItsLabel) {
  ASSERT_THAT(Map({"7", "2019-07-01 12:00:00.5", "12.30", "EUR", "s1", "Y", "48.85", "card", "1"}),
              IsOk());
  EXPECT_EQ(event_.kind, model::EventKind::kPayment);
  EXPECT_EQ(event_.txn.id, "hb-7");
  EXPECT_EQ(event_.txn.event_time_ms,
            1561975200500);  // 10:00 UTC: Paris is two hours ahead in July
  EXPECT_EQ(event_.txn.amount_minor, 1230);
  EXPECT_EQ(event_.txn.merchant_id, "s1");
  EXPECT_EQ(event_.txn.status, "approved");
  ASSERT_EQ(event_.txn.attributes.size(), 1u);
  EXPECT_EQ(event_.txn.attributes[0].name, "lat");
  EXPECT_EQ(std::get<double>(event_.txn.attributes[0].value), 48.85);
  EXPECT_EQ(label_, true);
}

TEST_F(RowMapperTest, TheCurrencyTellsHowManyDecimalsMajorUnitsHave) {
  ASSERT_THAT(Map({"7", "2019-07-01", "500", "JPY", "s1", "Y", "1", "card", "0"}), IsOk());
  EXPECT_EQ(event_.txn.amount_minor, 500);
  EXPECT_EQ(label_, false);
  EXPECT_THAT(Map({"7", "2019-07-01", "5.5", "JPY", "s1", "Y", "1", "card", "0"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("amount_minor (column amount)"), HasSubstr("decimals"))));
}

TEST_F(RowMapperTest, ATimeWithAnOffsetKeepsIt) {
  ASSERT_THAT(Map({"7", "2019-07-01T12:00:00Z", "1", "EUR", "s1", "Y", "1", "card", "0"}), IsOk());
  EXPECT_EQ(event_.txn.event_time_ms, 1561982400000);
}

TEST_F(RowMapperTest, AFilterLeavesARowOut) {
  const absl::StatusOr<bool> kept = Map({"7", "x", "x", "x", "x", "x", "x", "balance", "0"});
  ASSERT_THAT(kept, IsOk());
  EXPECT_FALSE(*kept);
}

TEST_F(RowMapperTest, ABadRowNamesFieldColumnAndReason) {
  EXPECT_THAT(Map({"7", "yesterday", "1", "EUR", "s1", "Y", "1", "card", "0"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("event_time_ms (column at)"), HasSubstr("yesterday"))));
  EXPECT_THAT(
      Map({"7", "2019-07-01", "1", "EUR", "s1", "maybe", "1", "card", "0"}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`maybe` is not among \"values\"")));
  EXPECT_THAT(Map({"7", "2019-07-01"}), StatusIs(absl::StatusCode::kInvalidArgument,
                                                 HasSubstr("has 2 columns, the header has 9")));
  EXPECT_THAT(Map({"7", "2019-07-01", "1", "EUR", "s1", "Y", "north", "card", "0"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`north` is not a number")));
}

TEST_F(RowMapperTest, AColumnThatIsNotThereIsToldWithThoseThatAre) {
  const auto mapping = Mapping::Parse("m.json", kGood);
  ASSERT_THAT(mapping, IsOk());
  EXPECT_THAT(RowMapper::Bind(*mapping, {"tx", "at"}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("its header is: tx, at")));
}

TEST(Mapping, RefusalsNameFileKeyAndReason) {
  const auto refused = [](const char* part) {
    return StatusIs(absl::StatusCode::kInvalidArgument,
                    AllOf(HasSubstr("m.json"), HasSubstr(part)));
  };
  EXPECT_THAT(ParseError("{"), refused("m.json:1:2: not JSON: expected a key or `}`"));
  EXPECT_THAT(ParseError("{\n  // the columns\n  \"fields\" {}\n}"),
              refused("m.json:3:12: not JSON: expected `:` after the key, found `{`"));
  EXPECT_THAT(ParseError(R"({"delimiter": ",", "delimiter": ";"})"), refused("m.json:1:20: key"));
  EXPECT_THAT(ParseError("{}"), refused("\"fields\" is missing"));
  EXPECT_THAT(ParseError("[]"), refused("must be an object"));
  EXPECT_THAT(ParseError(R"({"field": {}})"),
              refused("unknown key \"field\"; did you mean `fields`?"));
  EXPECT_THAT(ParseError(R"({"columns": {}})"),
              refused("unknown key \"columns\"; known are `delimiter`, `fields`, `filters` and"));
  EXPECT_THAT(ParseError(R"({"fields": {"shop": "x"}})"),
              refused("fields: shop: there is no such field; take the names of Transaction"));
  EXPECT_THAT(ParseError(R"({"fields": {"amuont_minor": "x"}})"),
              refused("there is no such field; did you mean `amount_minor`?"));
  EXPECT_THAT(ParseError(R"({"fields": {"id": "x"}})"), refused("\"event_time_ms\" is missing"));
  EXPECT_THAT(ParseError(R"({"fields": {"id": {"column": "a", "constant": "b"}}})"),
              refused("either"));
  EXPECT_THAT(ParseError(R"({"fields": {"id": {"colum": "a"}}})"),
              refused("unknown key \"colum\""));
  EXPECT_THAT(ParseError(R"({"fields": {"amount_minor": {"column": "a", "unit": "cents"}}})"),
              refused("\"unit\" is"));
  EXPECT_THAT(ParseError(R"({"fields": {"amount_minor": {"column": "a", "multiply": 0}}})"),
              refused("\"multiply\""));
  EXPECT_THAT(ParseError(R"({"fields": {"event_time_ms": {"column": "a", "zone": "Mars"}}})"),
              refused("Mars"));
  EXPECT_THAT(ParseError(R"({"fields": {"event_time_ms": {"column": "a", "format": "iso"}}})"),
              refused("\"format\" is"));
  EXPECT_THAT(ParseError(R"({"delimiter": "ab", "fields": {}})"),
              refused("\"delimiter\" is one character"));
}

TEST(Mapping, ColumnsThatBearTheNamesOfFieldsNeedNoFile) {
  const auto mapping = Mapping::ByName(
      {"id", "event_time_ms", "amount_minor", "currency", "merchant_id", "is_fraud", "extra"});
  ASSERT_THAT(mapping, IsOk());
  EXPECT_EQ(mapping->fields.size(), 5u);
  EXPECT_EQ(mapping->label->column, "is_fraud");
  EXPECT_THAT(Mapping::ByName({"id"}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--map")));
}

TEST(ParseDecimal, IsExactToTheLastUnit) {
  const auto value = [](std::string_view text, int decimals) {
    return ParseDecimal(text, decimals).value_or(-1);
  };
  EXPECT_EQ(value("12.34", 2), 1234);
  EXPECT_EQ(value("12", 2), 1200);
  EXPECT_EQ(value("12.3", 2), 1230);
  EXPECT_EQ(value("12.3400", 2), 1234);
  EXPECT_EQ(value("0.29", 2), 29);
  EXPECT_EQ(value("-0.05", 2), -5);
  EXPECT_EQ(value("1.234", 3), 1234);
  EXPECT_EQ(value("7", 0), 7);
  EXPECT_EQ(value("92233720368547758.07", 2), INT64_MAX);
}

TEST(ParseDecimal, RefusesWhatIsNoExactAmount) {
  for (const char* text :
       {"", ".", "1.234", "1,50", "1e3", "abc", "--1", "1.-5", "92233720368547758.08", "-", " 1"}) {
    EXPECT_THAT(ParseDecimal(text, 2).status(), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(ParseWhole, RefusesWhatIsNoWholeNumber) {
  EXPECT_EQ(*ParseWhole("+5"), 5);
  for (const char* text : {"", "+", "+-5", "5.0", "0x5", "5 ", "9223372036854775808"}) {
    EXPECT_THAT(ParseWhole(text).status(), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace verdict::mapping
