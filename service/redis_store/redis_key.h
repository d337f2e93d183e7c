// The names of our keys in Redis (AGGREGATES section 8): a blob lies under
// v1:{<entity type>:<16 base64url characters>}:<measure hash in hex>, a manifest under
// v1:manifest:<measure hash in hex>. The braces put one entity's measures into one Cluster slot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "aggregate/aggregate_store.h"
#include "base/published.h"
#include "model/entity_key.h"

namespace verdict::redis_store {

// Errors: InvalidArgument where `name` holds what would end the braces, or means something in a
// pattern. Letters, digits, '_', '-' and '.' are allowed.
absl::Status CheckEntityName(const std::string& name);

std::string ManifestKey(uint64_t measure_hash);

// **Thread-safe.** Which entity a measure belongs to, so that its keys can be named.
class KeyNames {
 public:
  // **Immutable.**
  class Table {
   public:
    explicit Table(std::map<uint64_t, std::string> entity_of_measure)
        : entity_of_measure_(std::move(entity_of_measure)) {}
    // Nothing where the measure was never told.
    std::optional<std::string> BlobKeyOf(const aggregate::BlobKey& key) const;
    std::optional<std::string> PatternOf(uint64_t measure_hash) const;
    // The entity of a key that PatternOf(measure_hash) matches; nothing where it is not one of
    // ours.
    std::optional<model::EntityKey> EntityOf(uint64_t measure_hash, std::string_view key) const;
    const std::map<uint64_t, std::string>& entity_of_measure() const { return entity_of_measure_; }

   private:
    std::map<uint64_t, std::string> entity_of_measure_;
  };

  explicit KeyNames(const std::map<uint64_t, std::string>& entity_of_measure);
  // Tells of more measures; those known stay. REQUIRES: CheckEntityName of each.
  void Add(const std::map<uint64_t, std::string>& entity_of_measure) EXCLUDES_LOCK(mutex_);
  std::shared_ptr<const Table> Now() const { return table_.Load(); }

 private:
  base::Mutex mutex_;  // of writers
  base::Published<Table> table_;
};

}  // namespace verdict::redis_store
