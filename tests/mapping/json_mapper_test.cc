// Foreign JSON objects, and what becomes of them.
#include "mapping/json_mapper.h"

#include <string>

#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::mapping {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr char kMapping[] = R"({
  "fields": {
    "id": {"column": "ref", "prefix": "acme-"},
    "event_time_ms": {"column": "at", "format": "ms"},
    "amount_minor": {"column": "money.amount", "unit": "major"},
    "currency": {"column": "money.currency", "values": {"": "EUR", "USD": "USD", "EUR": "EUR"}},
    "merchant_id": "shop.id",
    "card_id": "card",
    "kind": {"column": "type", "values": {"sale": "PAYMENT", "return": "REFUND"}},
    "attributes.first": "tags.0"
  },
  "filters": [{"column": "type", "not_in": ["ping"]}]
})";

class JsonMapperTest : public ::testing::Test {
 protected:
  JsonMapperTest() : mapper_(*JsonMapper::Bind(*Mapping::Parse("m.json", kMapping))) {}
  absl::StatusOr<bool> Map(std::string_view json) { return mapper_.Map(json, &event_); }
  absl::Status Error(std::string_view json) { return Map(json).status(); }
  JsonMapper mapper_;
  model::Event event_;
};

constexpr char kSale[] =
    R"({"ref": 17, "at": 1700000000123, "type": "sale", "shop": {"id": "s1", "name": "x"},
        "money": {"amount": 12.30, "currency": "USD"}, "card": null, "tags": ["a", "b"], "more": [[1], {}]})";

TEST_F(JsonMapperTest, ReadsMembersByTheirPath) {
  ASSERT_THAT(Map(kSale), IsOk());
  EXPECT_EQ(event_.kind, model::EventKind::kPayment);
  EXPECT_EQ(event_.txn.id, "acme-17");
  EXPECT_EQ(event_.txn.event_time_ms, 1700000000123);
  EXPECT_EQ(event_.txn.amount_minor, 1230);
  EXPECT_EQ(event_.txn.currency, "USD");
  EXPECT_EQ(event_.txn.merchant_id, "s1");
  EXPECT_EQ(event_.txn.card_id, "");
  ASSERT_EQ(event_.txn.attributes.size(), 1u);
  EXPECT_EQ(event_.txn.attributes[0].value, model::AttributeValue(std::string("a")));
}

TEST_F(JsonMapperTest, ForgetsOneObjectBeforeTheNext) {
  ASSERT_THAT(Map(kSale), IsOk());
  ASSERT_THAT(
      Map(R"({"ref":"z","at":1,"type":"return","shop":{"id":"s2"},"money":{"amount":"7"}})"),
      IsOk());
  EXPECT_EQ(event_.kind, model::EventKind::kRefund);
  EXPECT_EQ(event_.txn.currency,
            "EUR");  // absent reads as an empty text, which "values" translates
  EXPECT_TRUE(event_.txn.attributes.empty());
}

TEST_F(JsonMapperTest, KeepsAmountsExactAsTheyAreWritten) {
  const auto amount = [&](const std::string& written) -> absl::StatusOr<int64_t> {
    const std::string json =
        R"({"ref":"a","at":1,"type":"sale","shop":{"id":"s"},"money":{"amount":)" + written +
        R"(,"currency":"EUR"}})";
    if (absl::Status status = Error(json); !status.ok()) return status;
    return event_.txn.amount_minor;
  };
  EXPECT_EQ(*amount("90071992547409.93"), 9007199254740993);  // no double holds it
  EXPECT_EQ(*amount("0.10"), 10);
  EXPECT_EQ(*amount("5"), 500);
  EXPECT_THAT(amount("1.005"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("decimals")));
  EXPECT_THAT(amount("1e2"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("money.amount")));
}

TEST_F(JsonMapperTest, AFilterLeavesObjectsOut) {
  const auto kept = Map(R"({"type": "ping"})");
  ASSERT_THAT(kept, IsOk());
  EXPECT_FALSE(*kept);
}

TEST_F(JsonMapperTest, SaysWhatIsWrongAndWhere) {
  using Code = absl::StatusCode;
  EXPECT_THAT(Error(R"({"type":"sale","ref":"a"})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("has no member \"money.amount\"")));
  EXPECT_THAT(Error(R"({"type":"sale","type":"ping"})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("\"type\" stands twice")));
  EXPECT_THAT(Error(R"({"type":null,"type":"ping"})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("\"type\" stands twice")));
  EXPECT_THAT(Error(R"({"shop":{"id":{}}})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("\"shop.id\" is an object")));
  EXPECT_THAT(Error(R"([1])"), StatusIs(Code::kInvalidArgument, HasSubstr("a list")));
  EXPECT_THAT(Error(R"(7)"), StatusIs(Code::kInvalidArgument, HasSubstr("single value")));
  EXPECT_THAT(Error(""), StatusIs(Code::kInvalidArgument, HasSubstr("no JSON")));
  EXPECT_THAT(
      Error(R"({"card": 4111111111111111 oops)"),
      StatusIs(Code::kInvalidArgument, AllOf(HasSubstr("byte 27"), Not(HasSubstr("4111")))));
  EXPECT_THAT(Error("{\"ref\": \"\xff\"}"), StatusIs(Code::kInvalidArgument, HasSubstr("no JSON")));
  EXPECT_THAT(Error(std::string(100, '[')), StatusIs(Code::kInvalidArgument));
  std::string deep = "{\"a\":";
  deep += std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_THAT(Error(deep), StatusIs(Code::kInvalidArgument, HasSubstr("nested")));
}

TEST(JsonMapperBindTest, RefusesALabelBecauseARecordIsOneEvent) {
  const auto mapping = Mapping::Parse("m.json", R"({"fields": {
    "id": "a", "event_time_ms": "b", "amount_minor": "c", "currency": "d", "merchant_id": "e"},
    "label": {"column": "fraud"}})");
  ASSERT_THAT(mapping, IsOk());
  EXPECT_THAT(JsonMapper::Bind(*mapping).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("LABEL")));
}

}  // namespace
}  // namespace verdict::mapping
