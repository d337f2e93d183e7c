// Makes the payments of a run, day by day in time order: honest ones by habit, with the planned
// frauds among them.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/fraud_planner.h"
#include "cli/payment.h"
#include "cli/population.h"
#include "cli/random.h"

namespace verdict::cli {

// Thread-compatible. The same population, seed and calls give the same payments.
class PaymentGenerator {
 public:
  PaymentGenerator(const Population* population, uint64_t seed);  // `population` must outlive it

  // The payments of day number `day` (0, 1, ... in order; `start_ms` is its midnight UTC),
  // `payments` of them, by time. `out` is overwritten.
  void MakeDay(int day, int64_t start_ms, uint64_t payments, std::vector<Payment>* out);

 private:
  struct Moment {
    int day;
    int hour;
    bool sunday;
  };
  Payment MakeHonest(const Moment& moment);
  uint32_t ChooseCard(int hour);
  uint32_t ChooseMerchant(const Card& card, const Moment& moment, bool abroad);
  double ChoosePrice(const Card& card, const Merchant& shop);

  const Population* population_;
  Random random_;
  FraudPlanner frauds_;
  AliasTable hours_;
  uint64_t last_number_ = 0;
  uint64_t last_device_ = uint64_t{1} << 41;
  std::vector<Payment> planned_;
  std::vector<uint64_t> order_;  // time of day << 32 | index into planned_, or kHonest
};

}  // namespace verdict::cli
