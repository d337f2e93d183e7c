// Declarations: what they share, which fields they give, and what is said about each mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/compiled_set.h"

namespace verdict::feature {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const char kApproved[] = "txn.status == 'approved'";

TEST(Compile, SharesOneMeasureAmongAggregatesAndWindows) {
  const CompiledSet compiled =
      Compile({{"volume_30d", "merchant", "sum", "", "30d", kApproved},
               {"volume_1d", "merchant", "sum", "txn.amount_base_minor", "1d", kApproved},
               {"average_7d", "merchant", "avg", "", "7d", "txn.status=='approved'"}});
  ASSERT_NE(compiled.set, nullptr) << compiled.Errors();
  ASSERT_EQ(compiled.set->measures().size(), 1u);
  const Measure& measure = compiled.set->measures()[0];
  EXPECT_EQ(measure.window_days_max, 30);
  EXPECT_EQ(measure.of_slot, rule::kTxnAmountBaseMinor);
  EXPECT_TRUE(measure.of_base_amount);
  EXPECT_EQ(measure.state, MeasureState::kTotals);
  EXPECT_EQ(compiled.set->kept_days(), 38);
}

TEST(Compile, KeepsApartWhatAddsUpOtherThings) {
  const CompiledSet compiled = Compile({{"a", "merchant", "sum", "", "30d", kApproved},
                                        {"b", "merchant", "sum", "", "30d", ""},
                                        {"c", "card", "sum", "", "30d", kApproved},
                                        {"d", "merchant", "count", "", "30d", kApproved},
                                        {"e", "merchant", "max", "", "30d", kApproved},
                                        {"f", "merchant", "min", "", "30d", kApproved}});
  ASSERT_NE(compiled.set, nullptr) << compiled.Errors();
  EXPECT_EQ(compiled.set->measures().size(), 5u);
  EXPECT_EQ(compiled.feature("merchant.e").measure, compiled.feature("merchant.f").measure);
  EXPECT_EQ(compiled.measure_of("merchant.e").state, MeasureState::kExtremes);
}

TEST(Compile, GivesEachFunctionItsStateAndItsType) {
  const CompiledSet compiled = Compile({{"spread", "card", "variance"},
                                        {"deviation", "card", "stddev", "", "7d"},
                                        {"newest", "card", "last"},
                                        {"items", "card", "last", "txn.items"},
                                        {"since", "card", "first_seen"},
                                        {"until", "card", "last_seen", "", "7d"},
                                        {"total", "card", "sum"}},
                                       {}, {AttributeField("txn", "items", rule::FieldType::kInt)});
  ASSERT_NE(compiled.set, nullptr) << compiled.Errors();
  EXPECT_EQ(compiled.set->measures().size(), 5u);
  EXPECT_EQ(compiled.measure_of("card.spread").state, MeasureState::kVariance);
  EXPECT_EQ(compiled.feature("card.spread").measure, compiled.feature("card.deviation").measure);
  EXPECT_EQ(compiled.measure_of("card.newest").state, MeasureState::kLast);
  EXPECT_EQ(compiled.measure_of("card.since").state, MeasureState::kSeen);
  EXPECT_EQ(compiled.feature("card.since").measure, compiled.feature("card.until").measure);
  EXPECT_FALSE(compiled.measure_of("card.since").of_slot.has_value());
  const auto type_of = [&](const char* name) {
    const rule::Field* field = compiled.schema->Find("card", name);
    return field == nullptr ? "none" : std::string(rule::FieldTypeName(field->type));
  };
  EXPECT_EQ(type_of("spread"), "double");
  EXPECT_EQ(type_of("spread_minor"), "none");
  EXPECT_EQ(type_of("deviation"), "double");
  EXPECT_EQ(type_of("newest"), "double");
  EXPECT_EQ(type_of("newest_minor"), "int");
  EXPECT_EQ(type_of("items"), "int");
  EXPECT_EQ(type_of("since"), "timestamp");
  EXPECT_EQ(type_of("until"), "timestamp");
}

TEST(Compile, KeepsSlidingWindowsApartAndSharesThemWhateverTheAggregate) {
  const CompiledSet compiled = Compile({{"a", "card", "sum", "", "5m"},
                                        {"b", "card", "max", "txn.amount_base_minor", "24h"},
                                        {"c", "card", "avg", "", "60m"},
                                        {"d", "card", "count", "", "1h"},
                                        {"e", "card", "sum", "", "1h", kApproved},
                                        {"f", "card", "sum", "", "1d"}});
  ASSERT_NE(compiled.set, nullptr) << compiled.Errors();
  EXPECT_EQ(compiled.set->measures().size(), 1u) << "of f alone";
  ASSERT_EQ(compiled.set->sliding_measures().size(), 3u);
  const Feature& longest = compiled.feature("card.b");
  EXPECT_TRUE(longest.slides());
  EXPECT_EQ(longest.window_days, 0);
  EXPECT_EQ(longest.window_ms, 24 * 3'600'000);
  EXPECT_EQ(compiled.feature("card.a").measure, longest.measure);
  EXPECT_EQ(compiled.feature("card.c").measure, longest.measure);
  EXPECT_NE(compiled.feature("card.d").measure, longest.measure);
  EXPECT_NE(compiled.feature("card.e").measure, longest.measure);
  EXPECT_EQ(compiled.set->sliding_measures()[longest.measure].window_ms_max, 24 * 3'600'000);
  EXPECT_FALSE(compiled.feature("card.f").slides());
  EXPECT_EQ(compiled.set->kept_days(), 9) << "sliding windows keep no days";
}

TEST(Compile, GivesMoneyTwoFieldsAndTheRestOne) {
  const CompiledSet compiled = Compile({{"volume", "merchant", "sum"},
                                        {"payments", "merchant", "count"},
                                        {"average", "merchant", "avg"},
                                        {"items", "card", "sum", "txn.items"}},
                                       {}, {AttributeField("txn", "items", rule::FieldType::kInt)});
  ASSERT_NE(compiled.set, nullptr) << compiled.Errors();
  const auto type_of = [&](const char* object, const char* name) {
    const rule::Field* field = compiled.schema->Find(object, name);
    if (field == nullptr) return std::string("none");
    EXPECT_EQ(field->source, rule::FieldSource::kFeature);
    return std::string(rule::FieldTypeName(field->type));
  };
  EXPECT_EQ(type_of("merchant", "volume"), "double");
  EXPECT_EQ(type_of("merchant", "volume_minor"), "int");
  EXPECT_EQ(type_of("merchant", "payments"), "int");
  EXPECT_EQ(type_of("merchant", "payments_minor"), "none");
  EXPECT_EQ(type_of("merchant", "average"), "double");
  EXPECT_EQ(type_of("merchant", "average_minor"), "none");
  EXPECT_EQ(type_of("card", "items"), "int");
  EXPECT_EQ(type_of("card", "items_minor"), "none");
  EXPECT_EQ(compiled.feature("merchant.volume").slot,
            compiled.schema->Find("merchant", "volume")->slot);
  EXPECT_EQ(compiled.feature("merchant.volume").minor_slot,
            compiled.schema->Find("merchant", "volume_minor")->slot);
  EXPECT_TRUE(compiled.feature("merchant.average").money);
  EXPECT_FALSE(compiled.feature("card.items").money);
}

TEST(Compile, TakesTheCurrencyThatWherePins) {
  for (const char* where :
       {"txn.currency == 'USD'", "'USD' == txn.currency", "txn.currency in ['USD']",
        "txn.status == 'approved' && (txn.channel == 'web' && txn.currency == \"USD\")"}) {
    const CompiledSet compiled =
        Compile({{"volume", "merchant", "sum", "txn.amount_minor", "30d", where}});
    ASSERT_NE(compiled.set, nullptr) << where << compiled.Errors();
    EXPECT_EQ(compiled.feature("merchant.volume").money_currency, "USD") << where;
    EXPECT_TRUE(compiled.feature("merchant.volume").money);
  }
  const CompiledSet base = Compile({{"volume"}}, {.base_currency = "GBP"});
  EXPECT_EQ(base.feature("merchant.volume").money_currency, "GBP");
}

TEST(Compile, RefusesToAddUpSeveralCurrencies) {
  for (const char* where :
       {"", "txn.status == 'approved'", "txn.currency == 'USD' || txn.currency == 'EUR'",
        "txn.currency in ['USD', 'EUR']", "txn.currency != 'USD'", "!(txn.currency == 'USD')",
        "txn.status == 'approved' ? txn.currency == 'USD' : true",
        "txn.country == 'USD' && txn.channel == 'web'"}) {
    for (const char* aggregate : {"sum", "avg", "min", "max"}) {
      const CompiledSet compiled =
          Compile({{"volume", "merchant", aggregate, "txn.amount_minor", "30d", where}});
      EXPECT_EQ(compiled.set, nullptr) << where;
      EXPECT_THAT(compiled.Errors(), StartsWith("R214: ")) << where;
    }
  }
  EXPECT_THAT(
      Compile({{"v", "merchant", "sum", "txn.amount_minor", "30d", "txn.currency == 'EURO'"}})
          .Errors(),
      HasSubstr("R214: `EURO` is no currency"));
}

// A mistake and the beginning of what is said about it.
struct Mistake {
  Declared declared;
  const char* message;
};

TEST(Compile, SaysWhatIsWrongAndWhatToWrite) {
  const std::vector<Mistake> mistakes = {
      {{"v", "merchnt"}, "R110: unknown entity `merchnt`; did you mean `merchant`?\n"},
      {{"v", "shop"}, "R110: unknown entity `shop`; known are `merchant`, `card`, "},
      {{"v", "card", "total"}, "R111: unknown aggregate `total`; known are `sum`, `count`, "},
      {{"v", "card", "sum", "", "30"}, "R114: `30` is no window: write `1d` to `90d`"},
      {{"v", "card", "sum", "", ""}, "R114: `` is no window"},
      {{"v", "card", "sum", "", "d"}, "R114: `d` is no window"},
      {{"v", "card", "sum", "", "0d"}, "R114: `0d` is no window"},
      {{"v", "card", "sum", "", "91d"}, "R114: `91d` is no window"},
      {{"v", "card", "sum", "", "9999999999d"}, "R114: `9999999999d` is no window"},
      {{"v", "card", "sum", "", "-3d"}, "R114: `-3d` is no window"},
      {{"v", "card", "sum", "", "1w"}, "R114: `1w` is no window"},
      {{"v", "card", "sum", "", "0m"}, "R114: `0m` is no window"},
      {{"v", "card", "sum", "", "30s"}, "R114: `30s` is no window"},
      {{"v", "card", "sum", "", "h"}, "R114: `h` is no window"},
      {{"v", "card", "sum", "", "25h"},
       "R115: the window `25h` slides, and windows that slide reach back 24h at most; write `2d`"},
      {{"v", "card", "sum", "", "1441m"}, "R115: the window `1441m` slides"},
      {{"v", "card", "sum", "", "999999h"},
       "R115: the window `999999h` slides, and windows that slide reach back 24h at most; write "
       "`90d`"},
      {{"v", "card", "count", "txn.amount_minor"},
       "R116: `count` looks at events and takes no `of`"},
      {{"v", "card", "last_seen", "txn.amount_minor"},
       "R116: `last_seen` looks at events and takes no `of`"},
      {{"v", "card", "stddev", "", "1h"},
       "R115: `stddev` is served over business days alone: write `1d`"},
      {{"v", "card", "first_seen", "", "5m"}, "R115: `first_seen` is served over business days"},
      {{"v", "card", "sum", "txn.amout_minor"},
       "R102: unknown field `txn.amout_minor`; did you mean `txn.amount_minor`?"},
      {{"v", "card", "sum", "amount"},
       "R102: unknown field `amount`; `of` may be `txn.amount_minor`"},
      {{"v", "card", "sum", "txn.amount"},
       "R215: `of` must be an int field; `txn.amount` is double; write `txn.amount_minor`"},
      {{"v", "card", "max", "txn.currency"},
       "R215: `of` must be an int field; `txn.currency` is string\n"},
      {{"v", "card", "sum", "card.v"}, "R117: `card.v` is a feature; `of` names a field"},
      {{"v", "card", "count", "", "1d", "card.v > 3"},
       "R117: `card.v` is a feature; `where` reads"},
      {{"Volume"}, "R513: `Volume` is not a name"},
      {{""}, "R513: `` is not a name"},
      {{"in"}, "R513: `in` is not a name"},
      {{"country"}, "R112: `merchant.country` is a field of the transaction already"},
  };
  for (const Mistake& mistake : mistakes) {
    const CompiledSet compiled = Compile({mistake.declared});
    EXPECT_EQ(compiled.set, nullptr);
    EXPECT_THAT(compiled.Errors(), StartsWith(mistake.message));
  }
}

TEST(Compile, RefusesOneNameForTwoFeatures) {
  EXPECT_THAT(Compile({{"v", "card"}, {"v", "card", "count"}}).Errors(),
              StartsWith("R112: `card.v` is a feature already"));
  EXPECT_THAT(Compile({{"v_minor", "card", "count"}, {"v", "card"}}).Errors(),
              StartsWith("R112: `card.v_minor`, the exact minor units that come with this feature,"
                         " is a feature already"));
  EXPECT_NE(Compile({{"v", "card"}, {"v", "merchant"}}).set, nullptr);
}

TEST(Compile, ReportsEveryMistakeInOnePassWithItsPlace) {
  const CompiledSet compiled =
      Compile({{"a", "shop", "total", "", "1y"}, {"b", "card", "sum", "x.y"}});
  ASSERT_EQ(compiled.diagnostics.size(), 4u) << compiled.Errors();
  const rule::Diagnostic& window = compiled.diagnostics[1];
  EXPECT_EQ(window.pointer, "/features/0/window");
  EXPECT_EQ(window.place.file, "rules/features.json");
  EXPECT_EQ(window.place.line, 4);
  EXPECT_EQ(window.place.column, 7);
  EXPECT_EQ(window.rule_title, "feature shop.a");
}

TEST(Compile, RefusesAFaultyWhereWithItsOwnDiagnostics) {
  EXPECT_EQ(Compile({{"v", "card", "count", "", "1d", "txn.status = "}}).set, nullptr);
  const CompiledSet unknown = Compile({{"v", "card", "count", "", "1d", "txn.statu == 'x'"}});
  EXPECT_EQ(unknown.set, nullptr);
  EXPECT_THAT(unknown.Errors(), StartsWith("R102: "));
  EXPECT_EQ(unknown.diagnostics[0].rule_title, "feature card.v, `where`");
  EXPECT_EQ(Compile({{"v", "card", "count", "", "1d", "txn.amount"}}).set, nullptr) << "no bool";
}

TEST(Compile, RefusesWordsThatSayNothing) {
  FeatureDeclaration partial = Declare({"v"});
  partial.partial = "maybe";
  EXPECT_THAT(CompileDeclarations({partial}).Errors(),
              StartsWith("R517: `partial` must be `missing` or `use`, found `maybe`"));
  FeatureDeclaration assumed = Declare({"v"});
  assumed.assumed_status = std::string(33, 'x');
  EXPECT_THAT(CompileDeclarations({assumed}).Errors(), StartsWith("R517: a status has 1 to 32"));
  partial.partial = "use";
  EXPECT_TRUE(CompileDeclarations({partial}).feature("merchant.v").use_partial);
}

TEST(Compile, RefusesADeploymentItCannotServe) {
  EXPECT_THAT(Compile({}, {.zone_name = "Mars/Olympus"}).Errors(),
              HasSubstr("unknown time zone `Mars/Olympus`"));
  EXPECT_THAT(Compile({}, {.base_currency = "EURO"}).Errors(), HasSubstr("base currency `EURO`"));
  std::vector<Declared> many;
  for (size_t i = 0; i <= kMeasuresMax; ++i) {
    many.push_back({"v" + std::to_string(i), "card", "count", "", "1d",
                    "txn.amount_minor > " + std::to_string(i)});
  }
  EXPECT_THAT(Compile(many).Errors(), StartsWith("R522: the features need 257 measures"));
  for (Declared& one : many) one.window = "1h";
  EXPECT_THAT(Compile(many).Errors(), StartsWith("R522: the features need 257 measures"));
}

TEST(Compile, AnEmptySetIsASet) {
  const CompiledSet compiled = Compile({});
  ASSERT_NE(compiled.set, nullptr);
  EXPECT_TRUE(compiled.set->measures().empty());
  EXPECT_EQ(compiled.set->kept_days(), 9);
}

}  // namespace
}  // namespace verdict::feature
