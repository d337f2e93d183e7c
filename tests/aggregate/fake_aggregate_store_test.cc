// The fake that tests and simulator fold into keeps the contract of the real stores.
#include "support/fake_aggregate_store.h"

#include <memory>

#include "support/aggregate_store_contract.h"

namespace verdict::testing {
namespace {

class FakeFixture {
 public:
  std::unique_ptr<aggregate::AggregateStore> Open() {
    auto store = std::make_unique<Remembered>(&contents_);
    store->Restore(contents_);
    return store;
  }

 private:
  // Leaves what it held behind.
  class Remembered : public FakeAggregateStore {
   public:
    explicit Remembered(Contents* left_to) : left_to_(left_to) {}
    ~Remembered() override { *left_to_ = Snapshot(); }

   private:
    Contents* left_to_;
  };
  FakeAggregateStore::Contents contents_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, AggregateStoreContract, FakeFixture);

}  // namespace verdict::testing
