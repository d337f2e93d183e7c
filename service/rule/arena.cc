// Scratch memory of evaluations.
#include "rule/arena.h"

#include <algorithm>
#include <cstring>

namespace verdict::rule {

void EvaluationArena::Grow(size_t bytes) {
  const size_t size = std::max(bytes, kBlockBytes);
  blocks_.push_back({std::make_unique<std::byte[]>(size), size});
  next_ = blocks_.back().bytes.get();
  left_ = size;
}

// Several blocks become one that holds as much, so that the next run of that size finds room.
void EvaluationArena::Rewind() {
  if (blocks_.size() > 1) {
    size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    Grow(total);
  }
  used_ = 0;
  if (blocks_.empty()) return;
  next_ = blocks_.front().bytes.get();
  left_ = blocks_.front().size;
}

Value EvaluationArena::CopyString(std::string_view text) { return Join(text, {}); }

Value EvaluationArena::CopyBytes(std::string_view bytes) {
  const Value copy = CopyString(bytes);
  return copy.is_error() ? copy : Value::Bytes(copy.string());
}

Value EvaluationArena::Join(std::string_view a, std::string_view b) {
  char* out = static_cast<char*>(Allocate(a.size() + b.size()));
  if (out == nullptr && a.size() + b.size() > 0) return Value::Error(ErrorCode::kLimit);
  if (!a.empty()) std::memcpy(out, a.data(), a.size());
  if (!b.empty()) std::memcpy(out + a.size(), b.data(), b.size());
  return Value::String({out, a.size() + b.size()});
}

Value EvaluationArena::CopyList(std::span<const Value> items) {
  auto* out = static_cast<Value*>(Allocate(items.size_bytes()));
  if (out == nullptr && !items.empty()) return Value::Error(ErrorCode::kLimit);
  std::uninitialized_copy(items.begin(), items.end(), out);
  return Value::List({out, items.size()});
}

Value EvaluationArena::CopyMap(std::span<const MapEntry> entries) {
  auto* out = static_cast<MapEntry*>(Allocate(entries.size_bytes()));
  if (out == nullptr && !entries.empty()) return Value::Error(ErrorCode::kLimit);
  std::uninitialized_copy(entries.begin(), entries.end(), out);
  return Value::Map({out, entries.size()});
}

Value EvaluationArena::Hold(const Value& v) {
  void* out = Allocate(sizeof(Value));
  return out == nullptr ? Value::Error(ErrorCode::kLimit) : Value::Optional(new (out) Value(v));
}

void EvaluationArenaDeleter::operator()(EvaluationArena* arena) const { delete arena; }

EvaluationArenaPtr MakeEvaluationArena() { return EvaluationArenaPtr(new EvaluationArena); }

}  // namespace verdict::rule
