// No file of a rules/ folder crashes the loader: a set that loads is evaluated, one that does not
// says why. The first byte chooses which file of a sound folder the rest replaces.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "ruleset/folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& folder = *new verdict::ruleset::TestFolder;
  static const char* const kFiles[] = {"rules.json", "schema.json", "features.json", "policy.json"};
  if (size == 0) return 0;
  const std::string name = kFiles[data[0] % 4];
  const std::filesystem::path path = folder.path() / name;
  const std::string sound = verdict::ruleset::ReadFileText(path);
  CHECK(!sound.empty());
  const auto write = [&path](const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  };
  write(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  const verdict::ruleset::LoadResult loaded = folder.Load();
  write(sound);
  for (const verdict::rule::Diagnostic& d : loaded.diagnostics) {
    verdict::rule::FormatDiagnostic(d, true);
  }
  CHECK((loaded.set == nullptr) == HasErrors(loaded.diagnostics));
  if (loaded.set == nullptr) return 0;
  const verdict::rule::EvaluationArenaPtr arena = verdict::rule::MakeEvaluationArena();
  verdict::rule::Record record;
  record.Reset(loaded.set->schema->fields().size());
  verdict::ruleset::Evaluation evaluation;
  verdict::model::Decision decision;
  EvaluateRules(*loaded.set, record, arena.get(), &evaluation);
  Decide(*loaded.set, evaluation, verdict::model::Provenance::kFull, &decision);
  return 0;
}
