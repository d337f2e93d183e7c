// Named lists: sets, networks, prefixes, entries that expire; and how rules ask them.
#include "rule/named_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_format.h"
#include "rule/arena.h"
#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

IpAddress Ip(const std::string& text) { return ParseIp(text).value(); }

TEST(NamedList, HoldsTextsAndGrows) {
  NamedList list(ListKind::kSet, 0);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(list.Add(absl::StrFormat("card%d", i)));
  list.Finish();
  EXPECT_EQ(list.size(), 10'000u);
  EXPECT_FALSE(list.expires());
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(list.Contains(absl::StrFormat("card%d", i), 0));
  EXPECT_FALSE(list.Contains("card10000", 0));
  EXPECT_FALSE(list.Contains("", 0));
  EXPECT_FALSE(NamedList(ListKind::kSet, 0).Contains("", 0));
}

TEST(NamedList, RefusesWhatIsNoEntry) {
  EXPECT_FALSE(NamedList(ListKind::kSet, 1).Add(""));
  EXPECT_FALSE(NamedList(ListKind::kCidr, 1).Add("10.0.0.0/33"));
  EXPECT_FALSE(NamedList(ListKind::kCidr, 1).Add("example.org"));
  EXPECT_TRUE(NamedList(ListKind::kCidr, 1).Add("10.0.0.1"));
}

TEST(NamedList, AnEntryCountsBeforeItExpires) {
  NamedList list(ListKind::kSet, 4);
  list.Add("a", 100);
  list.Add("b");
  list.Add("c", 100);
  list.Add("c", 200);
  list.Add("c", 50);
  list.Finish();
  EXPECT_TRUE(list.expires());
  EXPECT_TRUE(list.Contains("a", 99));
  EXPECT_FALSE(list.Contains("a", 100));
  EXPECT_TRUE(list.Contains("b", 1'000'000));
  EXPECT_TRUE(list.Contains("c", 199));
  EXPECT_FALSE(list.Contains("c", 200));
}

TEST(NamedList, NetworksAreInclusive) {
  NamedList list(ListKind::kCidr, 4);
  for (const char* text : {"10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "0.0.0.0/32"}) {
    ASSERT_TRUE(list.Add(text));
  }
  list.Finish();
  for (const char* in : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8::1", "0.0.0.0",
                         "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:a01:203"}) {
    EXPECT_TRUE(list.ContainsIp(Ip(in), 0)) << in;
  }
  for (const char* out : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8",
                          "2001:db9::", "0.0.0.1", "::", "255.255.255.255"}) {
    EXPECT_FALSE(list.ContainsIp(Ip(out), 0)) << out;
  }
}

TEST(NamedList, NetworksInNetworksHaveTimesOfTheirOwn) {
  NamedList list(ListKind::kCidr, 8);
  list.Add("10.0.0.0/8", 100);
  list.Add("10.1.0.0/16", 200);
  list.Add("10.1.2.0/24", 50);     // never counts by itself
  list.Add("10.255.0.0/16", 300);  // both end with the outer one
  list.Add("10.255.255.255", 400);
  list.Finish();
  EXPECT_TRUE(list.ContainsIp(Ip("10.0.0.1"), 99));
  EXPECT_FALSE(list.ContainsIp(Ip("10.0.0.1"), 100));
  EXPECT_TRUE(list.ContainsIp(Ip("10.1.2.3"), 199));
  EXPECT_FALSE(list.ContainsIp(Ip("10.1.2.3"), 200));
  EXPECT_FALSE(list.ContainsIp(Ip("10.2.0.0"), 100));
  EXPECT_TRUE(list.ContainsIp(Ip("10.255.0.0"), 299));
  EXPECT_TRUE(list.ContainsIp(Ip("10.255.255.255"), 399));
  EXPECT_FALSE(list.ContainsIp(Ip("10.255.255.254"), 300));
}

// Against all entries looked at one after the other.
TEST(NamedList, NetworksAnswerAsAScanDoes) {
  std::mt19937_64 random(11);
  for (int world = 0; world < 200; ++world) {
    std::vector<std::pair<IpAddress, int64_t>> entries;
    NamedList list(ListKind::kCidr, 20);
    for (int i = 0; i < 20; ++i) {
      const int prefix = static_cast<int>(random() % 9) + 24;
      const std::string text =
          absl::StrFormat("10.0.%d.%d/%d", random() % 2, random() % 256, prefix);
      const auto expires_ms = static_cast<int64_t>(random() % 4) * 10;
      ASSERT_TRUE(list.Add(text, expires_ms));
      entries.emplace_back(ParseCidr(text).value(), expires_ms);
    }
    list.Finish();
    for (int i = 0; i < 600; ++i) {
      const IpAddress ip = Ip(absl::StrFormat("10.0.%d.%d", i / 256, i % 256));
      for (int64_t at_ms : {-5, 5, 15, 25}) {
        const bool expected = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
          return at_ms < entry.second && ContainsAll(entry.first, ip);
        });
        ASSERT_EQ(list.ContainsIp(ip, at_ms), expected) << IpText(ip) << " at " << at_ms;
      }
    }
  }
}

TEST(NamedList, PrefixesOfAnyLength) {
  NamedList list(ListKind::kPrefix, 3);
  for (const char* text : {"4111", "55", "400000"}) ASSERT_TRUE(list.Add(text));
  list.Finish();
  EXPECT_EQ(list.lookups(), 3u);
  EXPECT_TRUE(list.ContainsPrefixOf("411122", 0));
  EXPECT_TRUE(list.ContainsPrefixOf("55", 0));
  EXPECT_TRUE(list.ContainsPrefixOf("4000001", 0));
  EXPECT_FALSE(list.ContainsPrefixOf("411", 0));
  EXPECT_FALSE(list.ContainsPrefixOf("", 0));
}

std::string Asked(const std::string& text) {
  return Evaluated(text, {{"txn.time", Value::TimestampMs(kTestDayMs)},
                          {"txn.ip", Value::String("10.1.2.3")},
                          {"card.id", Value::String("tok_1")},
                          {"card.bin", Value::String("411122")},
                          {"txn.email", Value::String("bob@example.org")}});
}

TEST(NamedList, IsAskedByRules) {
  EXPECT_EQ(Asked("lists.datacentres.containsIP(txn.ip)"), "true");
  EXPECT_EQ(Asked("lists.datacentres.containsIP(ip('192.0.2.7'))"), "true");
  EXPECT_EQ(Asked("lists.datacentres.containsIP('192.0.2.8')"), "false");
  EXPECT_EQ(Asked("lists.datacentres.containsIP(txn.email)"),
            "error: conversion out of range or unreadable");
  EXPECT_EQ(Asked("lists.bins.containsPrefixOf(card.bin)"), "true");
  EXPECT_EQ(Asked("lists.bins.containsPrefixOf('5512')"), "false");
  EXPECT_EQ(Asked("card.id in lists.snoozed"), "false");
  EXPECT_EQ(Asked("'tok_2' in lists.snoozed"), "true");
  EXPECT_EQ(Asked("merchant.mcc in lists.snoozed"), "missing: merchant.mcc");
  EXPECT_EQ(Asked("[card.id, 'tok_2'].exists(id, id in lists.snoozed)"), "true");
}

TEST(NamedList, WhatExpiresNeedsTheTimeOfThePayment) {
  const Fields no_time = {{"card.id", Value::String("tok_1")}};
  EXPECT_EQ(Evaluated("card.id in lists.snoozed", no_time), "missing: txn.time");
  EXPECT_EQ(Evaluated("card.id in lists.high_risk_mcc", no_time), "false");
  const Compiled one = Compile("card.id in lists.snoozed");
  EXPECT_EQ(one.expression->slots(), (std::vector<uint16_t>{kTxnTime, kCardId}));
  const Fields before = {{"card.id", Value::String("tok_1")},
                         {"txn.time", Value::TimestampMs(kTestDayMs - 1)}};
  EXPECT_EQ(Evaluated("card.id in lists.snoozed", before), "true");
}

// Blocks that earlier runs left behind decide nothing.
TEST(EvaluationArena, GivesEachRunTheSameRoom) {
  EvaluationArena arena;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) ASSERT_NE(arena.Allocate(5'000), nullptr);
    EXPECT_EQ(arena.Allocate(200'000), nullptr);
    arena.Reset();
    ASSERT_NE(arena.Allocate(EvaluationArena::kMaxBytes), nullptr);
    EXPECT_EQ(arena.Allocate(1), nullptr);
    arena.Reset();
  }
}

}  // namespace
}  // namespace verdict::rule
