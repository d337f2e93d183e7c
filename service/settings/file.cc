// nlohmann's exceptions stop here.
#include "settings/file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::settings {
namespace {

using Json = nlohmann::json;

// Number of letters to change, add or remove to get from `a` to `b`.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string UnknownKey(const std::string& name, const std::vector<Key>& keys) {
  const auto nearest = std::min_element(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    return EditDistance(a.name, name) < EditDistance(b.name, name);
  });
  if (EditDistance(nearest->name, name) > name.size() / 3)
    return "unknown key; --help lists them all";
  return absl::StrFormat("unknown key; is \"%s\" meant?", nearest->name);
}

// The first key that stands twice in one object; nlohmann would silently keep the last.
std::optional<std::string> DoubledKey(const std::string& text) {
  std::vector<std::set<std::string>> open;
  std::optional<std::string> doubled;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key &&
        !open.back().insert(parsed.get<std::string>()).second && !doubled) {
      doubled = parsed.get<std::string>();
    }
    return true;
  };
  const Json ignored =
      Json::parse(text, watch, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  return doubled;
}

absl::StatusOr<std::string> TextOf(const Key& key, const Json& value, const std::string& origin) {
  const bool is_int = std::holds_alternative<IntSlot>(key.slot);
  if (is_int && value.is_number_integer()) return value.dump();
  if (key.is_bool() && value.is_boolean()) return std::string(value.get<bool>() ? "true" : "false");
  if (!is_int && !key.is_bool() && value.is_string()) return value.get<std::string>();
  return absl::InvalidArgumentError(absl::StrFormat("%s: must be %s, not %s", origin,
                                                    is_int          ? "a whole number"
                                                    : key.is_bool() ? "true or false"
                                                                    : "a string",
                                                    value.type_name()));
}

absl::Status ApplyObject(const std::string& path, const std::string& prefix, const Json& object,
                         const std::vector<Key>& keys) {
  for (const auto& [member, value] : object.items()) {
    const std::string name = prefix + member;
    const std::string origin = path + ": " + name;
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == name; });
    const bool is_group = std::any_of(
        keys.begin(), keys.end(), [&](const Key& k) { return k.name.rfind(name + ".", 0) == 0; });
    if (key != keys.end()) {
      ASSIGN_OR_RETURN(const std::string text, TextOf(*key, value, origin));
      RETURN_IF_ERROR(SetFromText(*key, text, origin));
    } else if (is_group && value.is_object()) {
      RETURN_IF_ERROR(ApplyObject(path, name + ".", value, keys));
    } else if (is_group) {
      return absl::InvalidArgumentError(absl::StrFormat("%s: must be an object", origin));
    } else {
      return absl::InvalidArgumentError(absl::StrFormat("%s: %s", origin, UnknownKey(name, keys)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyFile(const std::string& path, const std::string& text,
                       const std::vector<Key>& keys) {
  Json root;
  try {
    root = Json::parse(text, nullptr, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const Json::parse_error& error) {
    std::string why =
        error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (const size_t bracket = why.find("] "); bracket != std::string::npos)
      why.erase(0, bracket + 2);
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", path, why));
  }
  if (!root.is_object())
    return absl::InvalidArgumentError(absl::StrFormat("%s: must be a JSON object", path));
  if (const std::optional<std::string> doubled = DoubledKey(text)) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s: stands twice", path, *doubled));
  }
  return ApplyObject(path, "", root, keys);
}

}  // namespace verdict::settings
