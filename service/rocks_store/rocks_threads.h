// The threads on which RocksDB flushes and compacts, for all databases of the process.
#pragma once

namespace verdict::rocks_store {

// Before a database is opened; the first call starts them. **Thread-safe.** RocksDB would start
// them itself, from whichever thread has work for them first, and threads inherit where they may
// run: these stay on the cores that base::ThreadRole::kBackground leaves them.
void StartRocksThreads();

}  // namespace verdict::rocks_store
