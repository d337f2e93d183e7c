// A number's own text is kept by the reader's events alone, so no document is built.
#include "mapping/json_mapper.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::mapping {
namespace {

using Json = nlohmann::json;

constexpr size_t kDepthMax = 64;

}  // namespace

// Thread-compatible. Gathers the texts of the members that the mapping names.
class JsonMapper::Reader : public nlohmann::json_sax<Json> {
  enum class State : uint8_t { kAbsent, kNull, kText };

 public:
  explicit Reader(std::vector<std::string> members) : members_(std::move(members)) {
    for (size_t i = 0; i < members_.size(); ++i) place_[members_[i]] = i;
    texts_.resize(members_.size());
    state_.resize(members_.size());
  }

  absl::Status Read(std::string_view text) {
    std::fill(state_.begin(), state_.end(), State::kAbsent);
    for (std::string& one : texts_) one.clear();
    path_.clear();
    levels_.clear();
    fault_.clear();
    Json::sax_parse(text.begin(), text.end(), this);
    if (fault_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(fault_);
  }

  bool Has(const std::string& member) const { return state_[place_.at(member)] == State::kText; }
  const std::vector<std::string_view>& Row() {
    row_.assign(texts_.begin(), texts_.end());
    return row_;
  }

  bool null() override { return Scalar("", State::kNull); }
  bool boolean(bool value) override { return Scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Scalar(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& written) override { return Scalar(written); }
  bool string(string_t& value) override { return Scalar(value); }
  bool binary(binary_t&) override { return Fail("holds binary data"); }
  bool start_object(size_t) override { return Open(/*is_array=*/false); }
  bool key(string_t& name) override {
    path_.resize(levels_.back().path_size);
    if (!path_.empty()) path_.push_back('.');
    path_.append(name);
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override { return Open(/*is_array=*/true); }
  bool end_array() override { return Close(); }
  // Its words quote the text, which may hold a card number.
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail(absl::StrFormat("is no JSON from byte %d on", position));
  }

 private:
  struct Level {
    size_t path_size = 0;  // of the path that leads here
    bool is_array = false;
    size_t items = 0;
  };

  bool Fail(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
    return false;
  }

  // What begins now is the next item where it stands in an array.
  void Step() {
    if (levels_.empty() || !levels_.back().is_array) return;
    path_.resize(levels_.back().path_size);
    if (!path_.empty()) path_.push_back('.');
    path_.append(std::to_string(levels_.back().items++));
  }

  bool Scalar(std::string_view text, State state = State::kText) {
    Step();
    if (levels_.empty()) return Fail("is a single value; an object { } is wanted");
    const auto found = place_.find(path_);
    if (found == place_.end()) return true;
    if (state_[found->second] != State::kAbsent) {
      return Fail(absl::StrFormat("member \"%s\" stands twice", path_));
    }
    state_[found->second] = state;
    texts_[found->second] = text;
    return true;
  }

  bool Open(bool is_array) {
    Step();
    if (levels_.empty() && is_array) return Fail("is a list [ ]; an object { } is wanted");
    if (levels_.size() == kDepthMax) return Fail("is nested too deep");
    if (!levels_.empty() && place_.contains(path_)) {
      return Fail(absl::StrFormat("member \"%s\" is %s; the mapping wants a single value there",
                                  path_, is_array ? "a list [ ]" : "an object { }"));
    }
    levels_.push_back({.path_size = path_.size(), .is_array = is_array});
    return true;
  }

  bool Close() {
    path_.resize(levels_.back().path_size);
    levels_.pop_back();
    return true;
  }

  const std::vector<std::string> members_;
  std::map<std::string, size_t, std::less<>> place_;
  std::vector<std::string> texts_;
  std::vector<State> state_;
  std::vector<std::string_view> row_;
  std::string path_;
  std::vector<Level> levels_;
  std::string fault_;
};

JsonMapper::JsonMapper(RowMapper mapper, std::vector<std::string> members,
                       std::vector<std::string> required)
    : mapper_(std::move(mapper)),
      required_(std::move(required)),
      reader_(std::make_unique<Reader>(std::move(members))) {}
JsonMapper::~JsonMapper() = default;
JsonMapper::JsonMapper(JsonMapper&&) noexcept = default;
JsonMapper& JsonMapper::operator=(JsonMapper&&) noexcept = default;

absl::StatusOr<JsonMapper> JsonMapper::Bind(Mapping mapping) {
  if (mapping.label.has_value()) {
    return absl::InvalidArgumentError(
        "\"label\": a JSON object is one event here; send labels as events of \"kind\" LABEL");
  }
  std::set<std::string> members;
  std::vector<std::string> required;
  for (const auto& [name, source] : mapping.fields) {
    if (source.column.empty()) continue;
    members.insert(source.column);
    const bool has_default = source.otherwise.has_value() || source.values.contains("");
    if (IsRequired(name) && !has_default) required.push_back(source.column);
  }
  for (const RowFilter& filter : mapping.filters) members.insert(filter.column);
  std::vector<std::string> header(members.begin(), members.end());
  ASSIGN_OR_RETURN(RowMapper mapper, RowMapper::Bind(std::move(mapping), header));
  return JsonMapper(std::move(mapper), std::move(header), std::move(required));
}

absl::StatusOr<bool> JsonMapper::Map(std::string_view json, model::Event* event) {
  RETURN_IF_ERROR(reader_->Read(json));
  const std::vector<std::string_view>& row = reader_->Row();
  if (!mapper_.Keeps(row)) return false;
  for (const std::string& member : required_) {
    if (reader_->Has(member)) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("has no member \"%s\", which the mapping needs", member));
  }
  std::optional<bool> no_label;
  return mapper_.Map(row, event, &no_label);
}

}  // namespace verdict::mapping
