// Runs the public CEL tests: `cel_conformance DIR [--group A]... [--known FILE]`.
//
// Each failing test is printed with what was expected and found, then a line of totals. Exit 0: all
// passed; 1: some failed; 2: wrong usage. --known: ids that may fail, one a line with its reason
// behind it; one that passes is a failure.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "conformance/case.h"
#include "rule/cel.h"
#include "rule/expression.h"
#include "rule/program.h"
#include "rule/tagged.h"

namespace verdict::conformance {
namespace {

using rule::Value;

// What one test declares, and its values.
class World {
 public:
  explicit World(const Case& one) : environment_(one.container) {
    for (const nlohmann::json& variable : one.variables) {
      environment_.AddVariable(variable.at("name"),
                               ReadType(variable.at("type"), environment_.pool()));
    }
    for (const auto& [name, value] : one.bindings.items()) {
      const uint16_t slot = environment_.AddVariable(name, rule::TypeKind::kDyn);
      values_.resize(environment_.slots());
      values_[slot] = ReadValue(value, &arena_);
    }
    values_.resize(environment_.slots());
    for (const nlohmann::json& function : one.functions) AddFunction(function);
  }
  const rule::CelEnvironment& environment() const { return environment_; }
  std::span<const Value> values() const { return values_; }
  rule::EvaluationArena* arena() { return &arena_; }

 private:
  void AddFunction(const nlohmann::json& function) {
    for (const nlohmann::json& overload : function.at("overloads")) {
      std::vector<rule::Type> parameters;
      for (const nlohmann::json& parameter : overload.at("params")) {
        parameters.push_back(ReadType(parameter, environment_.pool()));
      }
      environment_.AddFunction(function.at("name"), overload.at("member"), parameters,
                               ReadType(overload.at("result"), environment_.pool()));
    }
  }

  rule::CelEnvironment environment_;
  rule::EvaluationArena arena_;
  std::vector<Value> values_;
};

std::string WrongType(const Case& one, const rule::CheckedTree& checked) {
  if (!one.expect.contains("type")) return "";
  rule::TypePool pool;
  const rule::Type expected = ReadType(one.expect.at("type"), &pool);
  const rule::Type found = checked.of(checked.tree.root).type;
  if (expected == found) return "";
  return "expected the type " + rule::TypeName(expected) + ", got " + rule::TypeName(found);
}

std::string WrongValue(const Case& one, const Value& found, rule::EvaluationArena* arena) {
  if (one.expect.contains("error")) {
    const bool stopped = found.is_error() || found.is_missing();
    return stopped ? "" : "expected an error, got " + rule::FormatValue(found, nullptr);
  }
  if (!one.expect.contains("value")) return "";
  const Value expected = ReadValue(one.expect.at("value"), arena);
  if (Same(expected, found)) return "";
  return "expected " + rule::FormatValue(expected, nullptr) + ", got " +
         rule::FormatValue(found, nullptr);
}

// What is wrong; empty where the test passes. Throws where it names a type or value of no kind that
// there is here.
std::string RunThrows(const Case& one) {
  rule::Findings findings;
  rule::ParsedTree parsed = rule::Parse(one.expression, &findings, rule::Profile::kCel);
  if (!parsed.whole || HasErrors(findings)) {
    return "does not parse: " + (findings.empty() ? "" : findings.front().message);
  }
  World world(one);
  rule::CheckedTree tree =
      one.disable_check ? rule::LinkCel(std::move(parsed.tree), world.environment())
                        : rule::CheckCel(std::move(parsed.tree), world.environment(), &findings);
  if (HasErrors(findings)) return "is refused: " + findings.front().message;
  const std::string wrong_type = WrongType(one, tree);
  if (!wrong_type.empty() || one.check_only) return wrong_type;
  rule::EvaluationArena arena;
  const std::string wrong =
      WrongValue(one, rule::RunTagged(tree, world.values(), &arena), world.arena());
  if (!wrong.empty() || one.disable_check) return wrong;
  rule::Record record;
  record.slots.assign(world.values().begin(), world.values().end());
  const rule::Program program = rule::Lower(std::move(tree));
  const std::string as_program =
      WrongValue(one, rule::Run(rule::RunnableOf(program), record, &arena), world.arena());
  return as_program.empty() ? "" : "as a program " + as_program;
}

std::string Run(const Case& one) {
  try {
    return RunThrows(one);
  } catch (const std::exception& error) {
    return error.what();
  }
}

struct Arguments {
  std::string folder;
  std::set<std::string> groups;
  std::map<std::string, std::string> known;  // id to reason
};

bool ReadKnown(const std::string& path, std::map<std::string, std::string>* known) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string id, reason;
    if (!(words >> id) || id.starts_with('#')) continue;
    std::getline(words >> std::ws, reason);
    if (reason.empty()) {
      std::fprintf(stderr, "cel_conformance: %s: %s lacks its reason\n", path.c_str(), id.c_str());
      return false;
    }
    known->emplace(id, reason);
  }
  if (file.bad() || !file.eof())
    std::fprintf(stderr, "cel_conformance: %s: cannot be read\n", path.c_str());
  return file.eof() && !file.bad();
}

bool ReadArguments(int argc, char** argv, Arguments* out) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--group" && i + 1 < argc) {
      out->groups.insert(argv[++i]);
    } else if (word == "--known" && i + 1 < argc) {
      if (!ReadKnown(argv[++i], &out->known)) return false;
    } else if (!word.starts_with("--") && out->folder.empty()) {
      out->folder = word;
    } else {
      return false;
    }
  }
  return !out->folder.empty();
}

int RunAll(const Arguments& arguments) {
  size_t passed = 0, failed = 0, known = 0;
  for (const Case& one : ReadCases(arguments.folder)) {
    if (!arguments.groups.empty() && !arguments.groups.contains(one.group)) continue;
    const std::string wrong = Run(one);
    const bool may_fail = arguments.known.contains(one.id);
    if (!wrong.empty() && may_fail) {
      ++known;
    } else if (wrong.empty() && !may_fail) {
      ++passed;
    } else {
      ++failed;
      std::printf("FAILED %s: %s\n  %s\n", one.id.c_str(),
                  wrong.empty() ? "it passes, though it is listed as known to fail" : wrong.c_str(),
                  one.expression.c_str());
    }
  }
  if (known > 0) std::printf("%zu known to fail\n", known);
  std::printf("%zu passed, %zu failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace verdict::conformance

int main(int argc, char** argv) {
  verdict::conformance::Arguments arguments;
  if (!verdict::conformance::ReadArguments(argc, argv, &arguments)) {
    std::fprintf(stderr, "usage: cel_conformance DIR [--group A]... [--known FILE]\n");
    return 2;
  }
  try {
    return verdict::conformance::RunAll(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cel_conformance: %s: %s\n", arguments.folder.c_str(), error.what());
    return 2;
  }
}
