// Linked into every binary of --config=asan and --config=tsan (.bazelrc: --custom_malloc, which
// adds a library to all).

// Debian's librocksdb is not instrumented: of what it does, TSan sees its calls of malloc and
// pthread functions only, not the atomics that order them, and reports races of RocksDB with
// itself. So a report with RocksDB in one of its stacks is not shown. Where several threads write
// to a DB, one of them copies the batches of all, in strings, and then RocksDB's frames are missing
// from the stack between a string that grows and the caller.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that TSan looks for
extern "C" const char* __tsan_default_suppressions() {
  return "race:librocksdb.so.7\n"
         "race:std::__cxx11::basic_string*::_M_append\n"
         "race:std::__cxx11::basic_string*::_M_mutate\n";
}

// Each time that RocksDB writes an OPTIONS file, it makes the compaction filter that is named there
// to compare it with that of the DB, and never frees it.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that LSan looks for
extern "C" const char* __lsan_default_suppressions() {
  return "leak:rocksdb::ObjectRegistry::NewStaticObject<rocksdb::CompactionFilter>\n";
}
