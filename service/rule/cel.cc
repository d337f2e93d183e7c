// The standard by itself.
#include "rule/cel.h"

#include "base/check.h"
#include "rule/checker.h"

namespace verdict::rule {

uint16_t CelEnvironment::AddVariable(const std::string& name, Type type) {
  const auto [at, added] = slots_.try_emplace(name, static_cast<uint16_t>(types_.size()));
  if (added) types_.push_back(type);
  return at->second;
}

void CelEnvironment::AddFunction(const std::string& name, bool method,
                                 const std::vector<Type>& parameters, Type result) {
  CHECK(parameters.size() <= kMaxParameters);
  const auto at = functions_.try_emplace(name).first;
  Overload overload{.name = at->first,
                    .method = method,
                    .parameters = static_cast<uint8_t>(parameters.size()),
                    .result = result};
  for (size_t i = 0; i < parameters.size(); ++i) overload.types[i] = parameters[i];
  at->second.push_back(overload);
}

std::optional<uint16_t> CelEnvironment::FindVariable(std::string_view name) const {
  const auto found = slots_.find(std::string(name));
  return found == slots_.end() ? std::nullopt : std::optional<uint16_t>(found->second);
}

std::span<const Overload> CelEnvironment::FindFunction(std::string_view name, bool method) const {
  const std::span<const Overload> known = FindOverloads(name, method);
  if (!known.empty()) return known;
  const auto found = functions_.find(std::string(name));
  const bool fits = found != functions_.end() && found->second.front().method == method;
  return fits ? std::span<const Overload>(found->second) : std::span<const Overload>();
}

CheckedTree LinkCel(Tree tree, const CelEnvironment& environment) {
  CheckedTree checked;
  checked.tree = std::move(tree);
  checked.meanings.resize(checked.tree.nodes.size());
  Link(environment, &checked);
  return checked;
}

CheckedTree CheckCel(Tree tree, const CelEnvironment& environment, Findings* findings) {
  CheckedTree checked = LinkCel(std::move(tree), environment);
  Checker(&checked, CompileOptions{.check_result = false}, &environment, findings).Run();
  return checked;
}

}  // namespace verdict::rule
