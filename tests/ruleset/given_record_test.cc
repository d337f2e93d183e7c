// What a test's `given` or a payment file makes known, and in which form.
#include "ruleset/given_record.h"

#include "gmock/gmock.h"
#include "ruleset/folder.h"
#include "ruleset/json_reader.h"

namespace verdict::ruleset {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GivenTest : public ::testing::Test {
 protected:
  GivenTest() : set_(folder_.Load().set) {}

  // "missing: ..." or the value of a field of the record that `json` describes.
  std::string Value(const std::string& json, const std::string& object, const std::string& name) {
    const rule::Field* field = set_->schema->Find(object, name);
    auto given = Read(json);
    if (!given || field == nullptr) return "unread";
    return rule::FormatValue(given->record.slots[field->slot], set_->schema.get());
  }
  std::optional<GivenRecord> Read(const std::string& json) {
    findings_ = Findings();
    document_ = ReadJson("given.json", json, &findings_);
    return ReadGiven(*document_, document_->root(),
                     {.schema = set_->schema.get(), .features = set_->features.get()}, &findings_);
  }
  bool Missing(const std::string& json, const std::string& object, const std::string& name) {
    auto given = Read(json);
    return given && given->record.slots[set_->schema->Find(object, name)->slot].is_missing();
  }
  std::string Error(const std::string& json) {
    EXPECT_FALSE(Read(json).has_value());
    return findings_.list().empty() ? "" : findings_.list()[0].message;
  }

  TestFolder folder_;
  std::shared_ptr<const RuleSet> set_;
  Findings findings_;
  std::unique_ptr<const JsonDocument> document_;
};

TEST_F(GivenTest, KnowsAnAmountInBothForms) {
  EXPECT_EQ(Value(R"({"txn": {"amount": 742.5}})", "txn", "amount_minor"), "74250");
  EXPECT_EQ(Value(R"({"txn": {"amount_minor": 74250}})", "txn", "amount"), "742.5");
  EXPECT_EQ(Value(R"({"txn": {"amount": 742, "currency": "JPY"}})", "txn", "amount_minor"), "742");
  EXPECT_EQ(Value(R"({"txn": {"amount_base": 0.07}})", "txn", "amount_base_minor"), "7");
  EXPECT_EQ(Value(R"({"merchant": {"volume_30d": 12.34}})", "merchant", "volume_30d_minor"),
            "1234");
  EXPECT_EQ(Value(R"({"merchant": {"volume_30d_minor": 1234}})", "merchant", "volume_30d"),
            "12.34");
}

TEST_F(GivenTest, TakesTheBaseAmountFromTheAmountOnlyInTheBaseCurrency) {
  EXPECT_EQ(Value(R"({"txn": {"amount": 5, "currency": "EUR"}})", "txn", "amount_base_minor"),
            "500");
  EXPECT_TRUE(Missing(R"({"txn": {"amount": 5, "currency": "USD"}})", "txn", "amount_base"));
  EXPECT_TRUE(Missing(R"({"txn": {"amount": 5}})", "txn", "amount_base"));
  EXPECT_EQ(Value(R"({"txn": {"amount": 5, "currency": "EUR", "amount_base": 6}})", "txn",
                  "amount_base_minor"),
            "600");
}

TEST_F(GivenTest, LeavesOutWhatIsNullOrNotGiven) {
  EXPECT_TRUE(Missing(R"({"card": {"id": null}})", "card", "id"));
  EXPECT_TRUE(Missing("{}", "card", "count_1d"));
}

TEST_F(GivenTest, ReadsAFeatureWithItsProvenance) {
  EXPECT_EQ(Value(R"({"card": {"count_1d": {"value": 6, "age": "2s", "provenance": "STALE"}}})",
                  "card", "count_1d"),
            "6");
  EXPECT_TRUE(Missing(R"({"card": {"count_1d": {"value": 6, "provenance": "DEFAULT"}}})", "card",
                      "count_1d"));
}

TEST_F(GivenTest, TakesWholeDoublesForInts) {
  EXPECT_EQ(Value(R"({"card": {"count_1d": 5.0}})", "card", "count_1d"), "5");
  EXPECT_THAT(Error(R"({"card": {"count_1d": 5.5}})"), HasSubstr("is a field of type int"));
}

TEST_F(GivenTest, RefusesWhatTheSchemaDoesNotKnow) {
  EXPECT_THAT(Error(R"({"cart": {}})"), HasSubstr("did you mean `card`"));
  EXPECT_THAT(Error(R"({"txn": {"amuont": 1}})"), HasSubstr("did you mean `amount`"));
  EXPECT_THAT(Error(R"({"txn": {"time": "yesterday"}})"), HasSubstr("2026-11-20T09:15:00Z"));
  EXPECT_THAT(Error(R"({"txn": {"amount": 1.005}})"),
              HasSubstr("not a whole number of minor units"));
  EXPECT_THAT(Error(R"({"txn": {"amount": 1, "amount_minor": 101}})"), HasSubstr("but differ"));
  EXPECT_THAT(Error(R"({"txn": {"id": {"value": 1}}})"), HasSubstr("is a field of type string"));
}

TEST_F(GivenTest, KeepsWhatIsSaidOfFeatures) {
  const auto given = Read(R"({"card": {"count_1d": {"value": 6, "provenance": "STALE", "age": "2s"},
                                       "avg_30d": 5},
                              "merchant": {"volume_30d": {"value": 7}}})");
  ASSERT_TRUE(given.has_value());
  ASSERT_EQ(given->qualities.size(), 2u);
  EXPECT_EQ(given->qualities[0].slot, set_->schema->Find("card", "count_1d")->slot);
  EXPECT_EQ(given->qualities[0].provenance, model::Provenance::kStale);
  EXPECT_EQ(given->qualities[0].age, "2s");
  EXPECT_EQ(given->qualities[1].provenance, model::Provenance::kFull);
  EXPECT_EQ(given->qualities[1].age, "");
}

TEST_F(GivenTest, FillsWhatAgeAndProvenanceRead) {
  const auto said = [this](const std::string& count) {
    const std::string given = R"({"card": {"count_1d": )" + count + "}}";
    return Value(given, "card", "count_1d@age") + " " + Value(given, "card", "count_1d@provenance");
  };
  EXPECT_EQ(said("6"), R"(0s "FULL")");
  EXPECT_EQ(said(R"({"value": 6, "age": "5s"})"), R"(5s "FULL")") << "not above fresh_within";
  EXPECT_EQ(said(R"({"value": 6, "age": "6s"})"), R"(6s "STALE")");
  EXPECT_EQ(said(R"({"value": 6, "provenance": "STALE"})"), R"(5.001s "STALE")");
  EXPECT_EQ(said(R"({"value": 6, "age": "5s", "provenance": "FULL"})"), R"(5s "FULL")");
  EXPECT_EQ(said(R"({"value": 6, "age": "2s", "provenance": "STALE"})"), R"(2s "STALE")")
      << "as said";
  EXPECT_EQ(said(R"({"value": 6, "provenance": "PARTIAL"})"), R"(0s "PARTIAL")");
  for (const char* missing : {R"({"card": {"count_1d": {"value": null, "provenance": "PARTIAL"}}})",
                              R"({"card": {"count_1d": {"value": 6, "provenance": "DEFAULT"}}})",
                              R"({"card": {"avg_30d": 1.5}})"}) {
    EXPECT_TRUE(Missing(missing, "card", "count_1d@age")) << missing;
    EXPECT_TRUE(Missing(missing, "card", "count_1d@provenance")) << missing;
  }
}

TEST_F(GivenTest, TakesTheWorstOfATotalGivenInBothForms) {
  const std::string given =
      R"({"merchant": {"volume_30d": {"value": 7, "provenance": "PARTIAL"},
                       "volume_30d_minor": {"value": 700, "age": "9s"}}})";
  EXPECT_EQ(Value(given, "merchant", "volume_30d@age"), "9s");
  EXPECT_EQ(Value(given, "merchant", "volume_30d@provenance"), R"("PARTIAL")");
}

TEST_F(GivenTest, RefusesWhatTheServiceNeverSays) {
  EXPECT_THAT(Error(R"({"card": {"count_1d": {"value": 6, "age": "6s", "provenance": "FULL"}}})"),
              HasSubstr("beyond `fresh_within`, 5000 ms, it is STALE"));
  const std::string major = R"({"value": 7, "provenance": "DEFAULT"})";
  EXPECT_THAT(Error(R"({"merchant": {"volume_30d_minor": 700, "volume_30d": )" + major + "}}"),
              HasSubstr("`merchant.volume_30d_minor` has a value, but is said to be DEFAULT"));
}

TEST_F(GivenTest, KnowsNoHiddenName) {
  EXPECT_THAT(Error(R"({"card": {"count_1d@age": "2s"}})"), HasSubstr("unknown field"));
}

TEST_F(GivenTest, RefusesAnAgeThatNoDurationHolds) {
  EXPECT_THAT(Error(R"({"card": {"count_1d": {"value": 6, "age": "200000d"}}})"),
              HasSubstr("of at most 106751d"));
}

}  // namespace
}  // namespace verdict::ruleset
