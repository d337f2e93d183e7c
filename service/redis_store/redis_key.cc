#include "redis_store/redis_key.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict::redis_store {
namespace {

constexpr char kVersion[] = "v1:";
constexpr size_t kEntityChars = 16;
constexpr size_t kHashChars = 16;

std::string Hex(uint64_t hash) { return absl::StrCat(absl::Hex(hash, absl::kZeroPad16)); }

int Base64UrlDigit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

// 16 characters, 4 to 3 bytes: nothing is left over, so that each text has one key.
std::optional<model::EntityKey> ParseEntity(std::string_view text) {
  model::EntityKey key;
  for (size_t i = 0; i < kEntityChars; i += 4) {
    uint32_t group = 0;
    for (size_t j = 0; j < 4; ++j) {
      const int digit = Base64UrlDigit(text[i + j]);
      if (digit < 0) return std::nullopt;
      group = group << 6 | static_cast<uint32_t>(digit);
    }
    for (size_t j = 0; j < 3; ++j) {
      key.bytes[i / 4 * 3 + j] = static_cast<uint8_t>(group >> (16 - 8 * j));
    }
  }
  return key;
}

}  // namespace

absl::Status CheckEntityName(const std::string& name) {
  constexpr char kAllowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
  if (!name.empty() && name.find_first_not_of(kAllowed) == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the entity \"", name, "\" cannot stand in a key of Redis: give it a name of ",
                   "letters, digits, '_', '-' and '.'"));
}

std::string ManifestKey(uint64_t measure_hash) {
  return absl::StrCat(kVersion, "manifest:", Hex(measure_hash));
}

std::optional<std::string> KeyNames::Table::BlobKeyOf(const aggregate::BlobKey& key) const {
  const auto entity = entity_of_measure_.find(key.measure_hash);
  if (entity == entity_of_measure_.end()) return std::nullopt;
  return absl::StrCat(kVersion, "{", entity->second, ":", key.entity.Base64Url(),
                      "}:", Hex(key.measure_hash));
}

std::optional<std::string> KeyNames::Table::PatternOf(uint64_t measure_hash) const {
  const auto entity = entity_of_measure_.find(measure_hash);
  if (entity == entity_of_measure_.end()) return std::nullopt;
  return absl::StrCat(kVersion, "{", entity->second, ":*}:", Hex(measure_hash));
}

std::optional<model::EntityKey> KeyNames::Table::EntityOf(uint64_t measure_hash,
                                                          std::string_view key) const {
  const auto entity = entity_of_measure_.find(measure_hash);
  if (entity == entity_of_measure_.end()) return std::nullopt;
  const size_t begin = sizeof kVersion - 1 + 1 + entity->second.size() + 1;
  if (key.size() != begin + kEntityChars + 2 + kHashChars) return std::nullopt;
  return ParseEntity(key.substr(begin, kEntityChars));
}

KeyNames::KeyNames(const std::map<uint64_t, std::string>& entity_of_measure) {
  table_.Publish(std::make_shared<const Table>(entity_of_measure));
}

void KeyNames::Add(const std::map<uint64_t, std::string>& entity_of_measure) {
  base::MutexLock lock(mutex_);
  std::map<uint64_t, std::string> all = Now()->entity_of_measure();
  all.insert(entity_of_measure.begin(), entity_of_measure.end());
  table_.Publish(std::make_shared<const Table>(std::move(all)));
}

}  // namespace verdict::redis_store
