// Who pays whom in generated data: countries, merchants, cards and their habits, drawn once from
// the seed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cli/random.h"

namespace verdict::cli {

struct Country {
  std::string_view code;
  std::string_view currency;
  int exponent;   // digits after the point of `currency`
  double rate;    // units of `currency` for one EUR
  double weight;  // share of cards and merchants
  int ip_octet;   // first number of its addresses
};
std::span<const Country> Countries();

// A branch of trade: what its merchants charge and when they are open.
struct Trade {
  std::string_view mcc;
  double weight;
  double median_eur;
  double sigma;       // spread of amounts around a merchant's own median
  double ecom_share;  // of its merchants
  int opens, closes;  // hours, for shops
  bool big_tickets;   // where people make their rare big purchases
};
std::span<const Trade> Trades();

struct Merchant {
  uint16_t trade = 0;
  uint8_t country = 0;
  bool ecom = false;
  uint8_t opens = 0, closes = 24;
  bool closed_sunday = false;
  float median_eur = 0;
  bool IsOpen(int hour, bool sunday) const {
    return ecom || (hour >= opens && hour < closes && !(sunday && closed_sunday));
  }
};

inline constexpr int kFavourites = 6;

struct Card {
  std::array<uint32_t, kFavourites> favourites{};
  uint32_t customer = 0;
  uint8_t country = 0;
  uint8_t trip_country = 0;
  int16_t trip_first_day = -1, trip_last_day = -2;  // days of the run; none by default
  uint8_t devices = 1;
  bool night_owl = false;
  float thrift = 1;  // factor on what a merchant usually charges
  bool Travels(int day) const { return day >= trip_first_day && day <= trip_last_day; }
};

struct PopulationOptions {
  uint64_t seed = 1;
  uint32_t merchants = 10000;
  uint32_t cards = 100000;
  int days = 31;  // of the whole run, for trips
};

// Immutable once made. The same options give the same population.
class Population {
 public:
  explicit Population(const PopulationOptions& options);

  const std::vector<Merchant>& merchants() const { return merchants_; }
  const std::vector<Card>& cards() const { return cards_; }
  // By activity, by popularity, by popularity within a country (any country where it has no
  // merchant), and among the country's web shops.
  uint32_t DrawCard(Random* random) const { return card_draw_.Draw(random); }
  uint32_t DrawMerchant(Random* random) const { return merchant_draw_.Draw(random); }
  uint32_t DrawMerchantIn(uint8_t country, Random* random) const;
  uint32_t DrawWebShop(Random* random) const;
  uint8_t DrawCountry(Random* random) const {
    return static_cast<uint8_t>(country_draw_.Draw(random));
  }

 private:
  // Merchants of one kind with their popularity.
  struct Group {
    std::vector<uint32_t> members;
    AliasTable draw;
  };
  void MakeMerchants(uint32_t count, Random* random);
  void MakeCards(const PopulationOptions& options, Random* random);
  Card MakeCard(uint32_t index, int days, Random* random) const;

  std::vector<Merchant> merchants_;
  std::vector<Card> cards_;
  AliasTable country_draw_, merchant_draw_, card_draw_;
  std::vector<Group> by_country_;
  Group web_shops_;
};

// Minor units of the country's currency for an amount in EUR, and the EUR cents of an amount in
// minor units, at the rate of `day` (rates move a little from day to day; the same for every seed).
int64_t ToMinor(double eur, uint8_t country, int day);
int64_t ToEurCents(int64_t minor, uint8_t country, int day);

}  // namespace verdict::cli
