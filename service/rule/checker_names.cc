// Names: fields, objects, lists, and what an author may have meant.
#include <algorithm>
#include <cctype>

#include "absl/strings/str_format.h"
#include "rule/checker.h"
#include "rule/suggest.h"

namespace verdict::rule {
namespace {

constexpr size_t kMaxNamesShown = 8;
constexpr std::string_view kMinorSuffix = "_minor";

std::vector<std::string> FieldNames(const Schema& schema, std::string_view object) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields()) {
    if (field.object == object && !field.hidden()) names.push_back(field.name);
  }
  return names;
}

std::string Shown(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string out;
  for (size_t i = 0; i < names.size() && i < kMaxNamesShown; ++i)
    out += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMaxNamesShown) out += ", ..";
  return out;
}

// `EUR`: likely a text without its quotes.
bool LooksLikeText(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return std::isupper(static_cast<unsigned char>(c)); });
}

}  // namespace

// What Link found; unknown where it found nothing.
Type Checker::LinkedName(NodeId id) {
  const Meaning& m = meaning(id);
  if (m.local != kNoSlot) return locals_[static_cast<size_t>(m.local)];
  if (m.names_type) return checked_->types->OfType(*m.names_type);
  if (m.slot == kNoSlot) return {};
  return cel() ? environment_->type_of(static_cast<uint16_t>(m.slot))
               : TypeOf(options_.schema->fields()[static_cast<size_t>(m.slot)].type);
}

Type Checker::Name(NodeId id) {
  const std::string& name = node(id).text;
  const Span span = node(id).span;
  const Meaning& linked = meaning(id);
  if (linked.local != kNoSlot || linked.slot != kNoSlot || linked.names_type) {
    return LinkedName(id);
  }
  if (cel()) {
    Error("R101", span, absl::StrFormat("unknown name `%s`", name), "nothing declares it");
    return {};
  }
  if (name == "lists") {
    Error("R107", span, "`lists` holds the named lists",
          "name one, as `merchant.mcc in lists.high_risk_mcc`");
    return {};
  }
  if (options_.schema->HasObject(name)) {
    Error("R107", span, absl::StrFormat("`%s` is an object; a rule reads its fields", name),
          absl::StrFormat("`%s` has %s", name, Shown(FieldNames(*options_.schema, name))));
    return {};
  }
  Finding* finding = Error("R101", span, absl::StrFormat("unknown name `%s`", name), "");
  for (const Field& field : options_.schema->fields()) {
    if (field.name != name) continue;
    finding->label =
        absl::StrFormat("did you mean `%s` (%s)?", field.full_name(), FieldTypeName(field.type));
    finding->edits = {{span, field.full_name()}};
    return {};
  }
  std::string near = Nearest(name, options_.schema->objects());
  if (name == "transaction" || name == "payment" || name == "tx") near = "txn";
  if (!near.empty()) {
    finding->label = absl::StrFormat("did you mean `%s`?", near);
    finding->edits = {{span, near}};
  } else if (LooksLikeText(name)) {
    finding->label = absl::StrFormat("text is written in quotes: `'%s'`", name);
    finding->edits = {{span, absl::StrFormat("'%s'", name)}};
  } else {
    finding->label = absl::StrFormat("there are %s; text is written in quotes",
                                     Shown(options_.schema->objects()));
  }
  return {};
}

bool Checker::Path(NodeId id, std::string* object, std::string* field) const {
  const Node* n = &node(id);
  field->clear();
  while (n->kind == NodeKind::kSelect) {
    *field = field->empty() ? n->text : n->text + "." + *field;
    n = &node(n->children[0]);
  }
  *object = n->text;
  // Names of macros are no objects.
  const auto at = static_cast<size_t>(n - checked_->tree.nodes.data());
  return n->kind == NodeKind::kName && checked_->meanings[at].local == kNoSlot;
}

Type Checker::Select(NodeId id) {
  if (meaning(id).slot != kNoSlot || meaning(id).names_type) return LinkedName(id);
  std::string object;
  std::string field;
  if (cel() || !Path(id, &object, &field)) return FieldOf(id, Visit(node(id).children[0]));
  if (object == "lists") return ListName(id, field, /*right_of_in=*/false);
  if (const Field* known = options_.schema->Find(object, field)) return FieldMeaning(id, *known);
  if (!options_.schema->HasObject(object)) {
    NodeId name = id;
    while (node(name).kind == NodeKind::kSelect) name = node(name).children[0];
    return Name(name);
  }
  return UnknownField(id, object, field);
}

Type Checker::FieldMeaning(NodeId id, const Field& field) {
  meaning(id).slot = field.slot;
  return TypeOf(field.type);
}

Type Checker::UnknownField(NodeId id, std::string_view object, std::string_view field) {
  // `card.country.code`: a field of a field.
  const std::string_view first = field.substr(0, field.find('.'));
  if (first.size() < field.size()) {
    if (const Field* scalar = options_.schema->Find(object, first)) {
      Error("R102", node(id).mark,
            absl::StrFormat("`%s` is a %s and has no fields", scalar->full_name(),
                            FieldTypeName(scalar->type)),
            absl::StrFormat("read `%s` itself", scalar->full_name()));
      return {};
    }
  }
  const Span span{node(id).mark.end - static_cast<uint32_t>(node(id).text.size()),
                  node(id).mark.end};
  Finding* finding =
      Error("R102", span, absl::StrFormat("unknown field `%s` of `%s`", field, object), "");
  const std::vector<std::string> names = FieldNames(*options_.schema, object);
  const std::string near = Nearest(field, names);
  if (near.empty()) {
    finding->label = absl::StrFormat("`%s` has %s", object, Shown(names));
    return {};
  }
  const Field* known = options_.schema->Find(object, near);
  finding->label = absl::StrFormat("did you mean `%s` (%s)?", near, FieldTypeName(known->type));
  if (field.find('.') == std::string_view::npos) finding->edits = {{span, near}};
  return {};
}

// Null where it is not declared, which is told.
const NamedList* Checker::FindList(NodeId id, std::string_view name) {
  const bool plain = name.find('.') == std::string_view::npos;
  if (plain && options_.lists != nullptr) {
    const auto found = options_.lists->find(std::string(name));
    if (found != options_.lists->end()) return found->second.get();
  }
  std::vector<std::string> names;
  if (options_.lists != nullptr) {
    for (const auto& [list_name, list] : *options_.lists) names.push_back(list_name);
  }
  std::sort(names.begin(), names.end());
  const std::string near = Nearest(name, names);
  Finding* finding =
      Error("R105", node(id).mark, absl::StrFormat("unknown list `%s`", name),
            names.empty() ? "no lists are declared; declare it under `lists` of a rule file"
                          : "declared are " + Shown(names));
  if (!near.empty()) {
    finding->label = absl::StrFormat("did you mean `%s`?", near);
    finding->edits = {{node(id).mark, near}};
  }
  return nullptr;
}

// How a list of that kind is asked.
std::string Checker::ListAdvice(ListKind kind, std::string_view name) {
  switch (kind) {
    case ListKind::kSet:
      return absl::StrFormat("as `merchant.mcc in lists.%s`", name);
    case ListKind::kCidr:
      return absl::StrFormat("as `lists.%s.containsIP(txn.ip)`", name);
    case ListKind::kPrefix:
      return absl::StrFormat("as `lists.%s.containsPrefixOf(card.bin)`", name);
  }
  return "";
}

// To the right of `in` a set.
Type Checker::ListName(NodeId id, std::string_view name, bool right_of_in) {
  const NamedList* list = FindList(id, name);
  if (list == nullptr) return {};
  if (right_of_in && list->kind() == ListKind::kSet) {
    meaning(id).list = list;
    return kStringList;
  }
  Error("R107", node(id).span,
        list->kind() == ListKind::kSet
            ? std::string("a named list stands to the right of `in`")
            : absl::StrFormat("`lists.%s` is of kind `%s`: `in` does not ask it", name,
                              ListKindName(list->kind())),
        ListAdvice(list->kind(), name));
  return {};
}

// `lists.NAME.containsIP(..)` and `lists.NAME.containsPrefixOf(..)`.
bool Checker::ListCall(NodeId id, Type* result) {
  const Node& call = node(id);
  if (call.kind != NodeKind::kMethod) return false;
  const NodeId target = call.children[0];
  std::string object;
  std::string name;
  if (node(target).kind != NodeKind::kSelect || !Path(target, &object, &name)) return false;
  if (object != "lists") return false;
  const NamedList* list = FindList(target, name);
  if (list == nullptr) return true;
  *result = TypeKind::kBool;
  const bool addresses = call.text == "containsIP";
  const ListKind asked = addresses ? ListKind::kCidr : ListKind::kPrefix;
  if (list->kind() != asked || (!addresses && call.text != "containsPrefixOf")) {
    Error("R107", call.mark,
          absl::StrFormat("`lists.%s` is of kind `%s`: `%s` does not ask it", name,
                          ListKindName(list->kind()), call.text),
          ListAdvice(list->kind(), name));
    return true;
  }
  const Type found = call.children.size() == 2 ? Visit(call.children[1]) : Type(TypeKind::kNull);
  if (found.is(TypeKind::kString) || found.unknown() || (addresses && found.is(TypeKind::kIp))) {
    meaning(id).list = list;
    return true;
  }
  Error("R202", call.mark,
        absl::StrFormat("`%s` takes one %s", call.text, addresses ? "address" : "text"),
        ListAdvice(list->kind(), name));
  return true;
}

Type Checker::Has(NodeId id) {
  const NodeId select = node(id).children[0];
  std::string object;
  std::string field;
  const bool path = !cel() && Path(select, &object, &field);
  if (!path && meaning(select).slot == kNoSlot) {
    FieldOf(select, Visit(node(select).children[0]));
  } else if (object != "lists") {
    Select(select);
    meaning(id).slot = meaning(select).slot;
    meaning(select).slot = kNoSlot;  // not read by itself
  } else {
    Error("R204", node(select).span, "`has` takes a field", "such as `has(card.country)`");
  }
  return {TypeKind::kBool};
}

// age(f) and provenance(f) read hidden fields beside the feature.
Type Checker::FeatureAspect(NodeId id, std::string_view suffix) {
  const Node& call = node(id);
  std::string object;
  std::string field;
  const bool path = call.children.size() == 1 && Path(call.children[0], &object, &field);
  const Field* feature = path ? options_.schema->Find(object, field) : nullptr;
  const auto aspect_of = [&](std::string name) {
    return options_.schema->Find(object, name.append(suffix));
  };
  if (const Field* aspect = feature ? aspect_of(field) : nullptr) {
    meaning(call.children[0]).slot = kNoSlot;  // not read by itself
    return FieldMeaning(id, *aspect);
  }
  if (path && feature == nullptr) {
    Visit(call.children[0]);  // reports the unknown name
    return {};
  }
  Finding* finding =
      Error("R204", call.span, absl::StrFormat("`%s` takes a feature", call.text), "");
  // Of a total and its exact minor units there is one age.
  const Field* meant = field.ends_with(kMinorSuffix)
                           ? aspect_of(field.substr(0, field.size() - kMinorSuffix.size()))
                           : nullptr;
  if (meant != nullptr) {
    finding->label = absl::StrFormat("did you mean `%s`?", meant->spelled());
    finding->edits = {{call.span, meant->spelled()}};
    return {};
  }
  const auto& fields = options_.schema->fields();
  const auto example = std::find_if(fields.begin(), fields.end(), [&](const Field& known) {
    return known.name.ends_with(suffix);
  });
  finding->label = example == fields.end() ? "features.json declares none"
                                           : absl::StrFormat("such as `%s`", example->spelled());
  return {};
}

}  // namespace verdict::rule
