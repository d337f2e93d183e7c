// Plans the frauds of a day: who strikes whom, when and for how much.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cli/payment.h"
#include "cli/population.h"
#include "cli/random.h"

namespace verdict::cli {

inline constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
inline constexpr double kFraudShare = 0.01;  // of all payments

// Thread-compatible. Four kinds:
//   amount_out_of_habit   one payment, 5 to 18 times what the card usually spends there
//   compromised_merchant  a merchant overcharges its recent cards for 4 to 10 days; some of the
//   cards leak leaked_card           4 to 12 payments abroad within hours, from a device never seen
//   before card_testing          15 to 50 tiny payments with as many cards, one device, one
//   merchant, within minutes
class FraudPlanner {
 public:
  FraudPlanner(const Population* population, uint64_t seed);  // `population` must outlive it

  // Appends the frauds of day number `day`, which begins at `start_ms` and has `payments` in all;
  // unsorted, without numbers. What a burst takes too much is taken from later days.
  void PlanDay(int day, int64_t start_ms, uint64_t payments, std::vector<Payment>* out);
  // Tells of an honest payment: cards that visit a compromised merchant are those it overcharges
  // and leaks.
  void Observe(const Payment& payment);

 private:
  struct Compromise {
    uint32_t merchant = 0;
    int last_day = -1;
    std::vector<uint32_t> recent_cards;  // at most kRecentCards, overwritten in turn
    size_t next = 0;
  };
  struct Today {
    int day;
    int64_t start_ms;
    std::vector<Payment>* out;
  };
  void RenewCompromises(int day);
  int PlanHabit(const Today& today);
  int PlanMerchant(const Today& today);
  int PlanLeaked(const Today& today);
  int PlanTesting(const Today& today);
  Payment Draft(const Today& today, FraudKind kind, uint32_t card, uint32_t merchant) const;
  void Price(const Today& today, double eur, Payment* payment) const;
  uint64_t NewDevice() { return ++last_device_; }
  uint32_t Address(uint8_t country);
  uint8_t CountryAbroad(uint8_t home);

  const Population* population_;
  Random random_;
  std::array<double, kFraudKinds> owed_{};  // payments of each kind still to be planned
  std::vector<Compromise> compromises_;
  std::vector<int32_t> compromise_of_;  // by merchant; -1: honest
  std::vector<uint32_t> leaked_;        // cards whose numbers are for sale
  uint64_t last_device_ = uint64_t{1} << 40;
};

}  // namespace verdict::cli
