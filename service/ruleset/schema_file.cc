// From declarations of attributes to fields with slots.
#include "ruleset/schema_file.h"

#include <string>

#include "absl/strings/str_format.h"
#include "ruleset/object_reader.h"

namespace verdict::ruleset {
namespace {

constexpr int64_t kStringBytesMax = 4096;
constexpr int64_t kListItemsMax = 1024;
constexpr size_t kAttributesMax = 256;

const std::vector<feature::Entity>& BuiltInEntities() {
  static const auto& entities = *new std::vector<feature::Entity>{{"merchant", rule::kMerchantId},
                                                                  {"card", rule::kCardId},
                                                                  {"customer", rule::kCustomerId},
                                                                  {"device", rule::kDeviceId}};
  return entities;
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] < 'a' || text[0] > 'z') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// The types an attribute of a request can have, in the order of the names below.
constexpr rule::FieldType kTypes[] = {rule::FieldType::kBool,       rule::FieldType::kInt,
                                      rule::FieldType::kDouble,     rule::FieldType::kString,
                                      rule::FieldType::kStringList, rule::FieldType::kIntList};

const std::vector<std::string>& TypeNames() {
  static const auto& names =
      *new std::vector<std::string>{"bool", "int", "double", "string", "list(string)", "list(int)"};
  return names;
}

// Thread-compatible. Adds what it reads to one SchemaFile.
class SchemaReader {
 public:
  SchemaReader(const JsonDocument& document, Findings* findings, SchemaFile* out)
      : document_(document), findings_(findings), out_(out) {}

  void Read() {
    ObjectReader root(document_, document_.root(), "schema.json", findings_);
    root.String("$schema", Need::kOptional);  // for editors: rules/editor
    std::optional<std::string> name = root.String("schema", Need::kRequired);
    out_->schema = std::make_unique<rule::Schema>(name.value_or("txn/1"));
    out_->entities = BuiltInEntities();
    if (const JsonValue* txn = root.Value("txn", JsonKind::kObject, Need::kOptional)) {
      ReadFields("txn", *txn);
    }
    if (const JsonValue* entities = root.Value("entities", JsonKind::kObject, Need::kOptional)) {
      for (const JsonValue* entity : entities->children) ReadEntityFields(*entity);
      for (const JsonValue* entity : entities->children) ReadEntityKey(*entity);
    }
    root.Finish();
  }

 private:
  bool ExpectObject(const JsonValue& value, std::string_view example) {
    if (value.kind == JsonKind::kObject) return true;
    findings_->ErrorAt("R507", document_, value,
                       absl::StrFormat("`%s` must be an object such as %s", value.key, example));
    return false;
  }

  bool ExpectName(const JsonValue& member) {
    if (IsName(member.key)) return true;
    findings_->ErrorAtKey("R513", document_, member,
                          absl::StrFormat("`%s` is not a name: a small letter, then small letters, "
                                          "digits and `_`, at most 64",
                                          member.key));
    return false;
  }

  void ReadFields(const std::string& object, const JsonValue& fields) {
    for (const JsonValue* field : fields.children) {
      if (ExpectName(*field) && ExpectObject(*field, R"({"type": "string"})"))
        ReadField(object, *field);
    }
  }

  void ReadField(const std::string& object, const JsonValue& value) {
    ObjectReader reader(document_, value, "a field", findings_);
    rule::Field field;
    field.object = object;
    field.name = value.key;
    field.source = rule::FieldSource::kAttribute;
    std::optional<size_t> type = reader.Choice("type", Need::kRequired, TypeNames());
    if (type) field.type = kTypes[*type];
    field.required = reader.Bool("required", Need::kOptional).value_or(false);
    field.max_len = static_cast<int>(
        reader.Int("max_len", Need::kOptional, {1, kStringBytesMax}).value_or(field.max_len));
    field.max_items = static_cast<int>(
        reader.Int("max_items", Need::kOptional, {1, kListItemsMax}).value_or(field.max_items));
    field.min = reader.Int("min", Need::kOptional, {});
    field.max = reader.Int("max", Need::kOptional, {});
    reader.Bool("intern", Need::kOptional);  // a hint to the evaluator; it changes no meaning
    reader.Finish();
    if (!type) return;
    CheckLimitsFitType(reader, field);
    AddField(value, std::move(field));
  }

  void CheckLimitsFitType(ObjectReader& reader, const rule::Field& field) {
    using rule::FieldType;
    bool number = field.type == FieldType::kInt || field.type == FieldType::kDouble;
    bool list = field.type == FieldType::kStringList || field.type == FieldType::kIntList;
    bool text = field.type == FieldType::kString || field.type == FieldType::kStringList;
    auto refuse = [&](std::string_view key, bool fits, std::string_view of) {
      const JsonValue* limit = reader.object().Find(key);
      if (limit == nullptr || fits) return;
      findings_->ErrorAtKey("R517", document_, *limit,
                            absl::StrFormat("`%s` limits %s; this field is a %s", key, of,
                                            rule::FieldTypeName(field.type)));
    };
    refuse("min", number, "numbers");
    refuse("max", number, "numbers");
    refuse("max_len", text, "strings");
    refuse("max_items", list, "lists");
    if (field.min && field.max && *field.min > *field.max) {
      reader.Error("R517", *reader.object().Find("min"), "`min` must not be above `max`");
    }
  }

  void AddField(const JsonValue& value, rule::Field field) {
    std::string name = field.full_name();
    if (++attributes_ > kAttributesMax) {
      if (attributes_ == kAttributesMax + 1) {
        findings_->ErrorAtKey("R522", document_, value,
                              absl::StrFormat("more than %d attributes", kAttributesMax));
      }
      return;
    }
    if (!out_->schema->Add(std::move(field))) {
      findings_->ErrorAtKey("R112", document_, value,
                            absl::StrFormat("`%s` is a built-in field; choose another name", name));
    }
  }

  void ReadEntityFields(const JsonValue& value) {
    if (!ExpectName(value) || !ExpectObject(value, R"({"fields": {..}})")) return;
    if (value.key == "txn" || value.key == "lists") {
      findings_->ErrorAtKey("R112", document_, value,
                            absl::StrFormat("`%s` is no entity; choose another name", value.key));
      return;
    }
    ObjectReader reader(document_, value, "an entity", findings_);
    const JsonValue* fields = reader.Value("fields", JsonKind::kObject, Need::kOptional);
    if (fields != nullptr) ReadFields(value.key, *fields);
    reader.Member("key");
    reader.Finish();
  }

  // After all fields are known: a key may name an attribute declared further down.
  void ReadEntityKey(const JsonValue& value) {
    if (!IsName(value.key) || value.kind != JsonKind::kObject || value.key == "txn") return;
    const JsonValue* key = value.Find("key");
    for (const feature::Entity& entity : BuiltInEntities()) {
      if (entity.name != value.key) continue;
      if (key != nullptr) {
        findings_->ErrorAt(
            "R517", document_, *key,
            absl::StrFormat("`%s` has its key, `%s.id`; leave `key` out", value.key, value.key));
      }
      return;
    }
    ObjectReader reader(document_, value, "an entity of one's own", findings_);
    std::optional<std::string> name = reader.String("key", Need::kRequired);
    if (!name) return;
    const rule::Field* field = FindField(*name);
    if (field == nullptr || field->type != rule::FieldType::kString) {
      std::vector<std::string> names;
      for (const rule::Field& f : out_->schema->fields()) {
        if (f.type == rule::FieldType::kString) names.push_back(f.full_name());
      }
      std::string nearest = NearestName(*name, names);
      findings_->ErrorAt(
          "R102", document_, *key,
          absl::StrFormat("`%s` is no string field%s", *name,
                          nearest.empty() ? "" : "; did you mean `" + nearest + "`?"));
      return;
    }
    out_->entities.push_back({value.key, field->slot});
  }

  const rule::Field* FindField(const std::string& full_name) const {
    size_t dot = full_name.find('.');
    if (dot == std::string::npos) return nullptr;
    return out_->schema->Find(full_name.substr(0, dot), full_name.substr(dot + 1));
  }

  const JsonDocument& document_;
  Findings* findings_;
  SchemaFile* out_;
  size_t attributes_ = 0;
};

}  // namespace

SchemaFile ReadSchemaFile(const JsonDocument* document, Findings* findings) {
  SchemaFile file;
  file.schema = std::make_unique<rule::Schema>();
  file.entities = BuiltInEntities();
  if (document == nullptr) return file;
  if (document->root().kind != JsonKind::kObject) {
    findings->ErrorAt("R507", *document, document->root(), "schema.json must be one object");
    return file;
  }
  SchemaReader(*document, findings, &file).Read();
  return file;
}

}  // namespace verdict::ruleset
