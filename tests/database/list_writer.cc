// Writes to a DB, flushes and compacts, until it is killed: the other process of shared_db_test.
//
//   list_writer DIR PROGRESS ROUNDS OPTIONS
//
// Each round is one batch: it puts [round, padding] under each of ten keys, and appends the round
// to `log`, of which the last hundred are kept. Then the number of the round is written to the file
// PROGRESS, 8 bytes. After ROUNDS rounds (0: never) it ends without closing the DB, as by a crash.
// OPTIONS are RocksDB's, as a string.

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/append_operator.h"
#include "sheaf/store.h"

namespace {

bool Check(const rocksdb::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "list_writer: %s\n", status.ToString().c_str());
  return status.ok();
}

int Run(char** arguments) {
  const std::string folder = arguments[1];
  const int progress = open(arguments[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const uint64_t rounds = std::strtoull(arguments[3], nullptr, 10);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = sheaf::NewAppendOperator();
  options.write_buffer_size = 64 << 10;
  options.max_write_buffer_number = 4;
  options.level0_file_num_compaction_trigger = 2;
  options.keep_log_file_num = 2;
  if (!Check(rocksdb::GetOptionsFromString(rocksdb::ConfigOptions(), options, arguments[4],
                                           &options))) {
    return 1;
  }
  rocksdb::DB* opened = nullptr;
  if (!Check(rocksdb::DB::Open(options, folder, &opened))) return 1;
  std::unique_ptr<rocksdb::DB> db(opened);
  std::unique_ptr<sheaf::Store> store;
  if (!Check(sheaf::Store::Open(db.get(), nullptr, {}, &store))) return 1;
  const std::string padding(1000, 'p');
  for (uint64_t round = 1; rounds == 0 || round <= rounds; ++round) {
    const std::string number = std::to_string(round);
    rocksdb::WriteBatch batch;
    for (char key = 'a'; key < 'k'; ++key) {
      if (!Check(store->Put(&batch, std::string(1, key), {number, padding}))) return 1;
    }
    if (!Check(store->Append(&batch, "log", {number}))) return 1;
    if (!Check(store->Trim(&batch, "log", 100, sheaf::Keep::kLast))) return 1;
    if (!Check(db->Write({}, &batch))) return 1;
    if (pwrite(progress, &round, sizeof round, 0) != sizeof round) return 1;
    // A writer that never rests replaces files faster than a reader can open them, on a fast disk;
    // the tool then gives up, and says so. This one flushes dozens of times a second.
    if (rounds == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  _exit(0);
}

}  // namespace

int main(int argc, char** argv) { return argc == 5 ? Run(argv) : 2; }
