// An inverted index: for each word the lines that it is in, appended while the text is read, and
// intersected for a query without copying a posting.
//
//   posting_lists NEW_DB WORD... < TEXT       prints the numbers of the lines that have every WORD

#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/store.h"

namespace {

// A posting: a line's number, four bytes. Appended in order, so each list is sorted.
uint32_t LineOf(std::string_view posting) {
  uint32_t line;
  std::memcpy(&line, posting.data(), sizeof line);
  return line;
}

rocksdb::Status IndexLine(sheaf::Store& store, rocksdb::DB* db, uint32_t number,
                          const std::string& line) {
  std::set<std::string> words;
  std::string word;
  for (const char c : line + " ") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.insert(word);
      word.clear();
    }
  }
  char posting[sizeof number];
  std::memcpy(posting, &number, sizeof number);
  rocksdb::WriteBatch batch;
  for (const std::string& each : words) {
    const rocksdb::Status s =
        store.Append(&batch, each, {std::string_view(posting, sizeof posting)});
    if (!s.ok()) return s;
  }
  return db->Write(rocksdb::WriteOptions(), &batch);
}

// Keeps the lines that `postings` has as well. Both are sorted.
void Intersect(const sheaf::PinnedBlob& postings, std::vector<uint32_t>* lines) {
  std::vector<uint32_t> kept;
  auto posting = postings.begin();
  for (const uint32_t line : *lines) {
    while (posting != postings.end() && LineOf(*posting) < line) ++posting;
    if (posting != postings.end() && LineOf(*posting) == line) kept.push_back(line);
  }
  lines->swap(kept);
}

rocksdb::Status Run(const std::string& path, const std::vector<std::string>& words) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.merge_operator = sheaf::NewAppendOperator();
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, path, &db);
  if (!s.ok()) return s;
  std::unique_ptr<sheaf::Store> store;
  s = sheaf::Store::Open(db.get(), nullptr, {}, &store);
  if (!s.ok()) return s;

  uint32_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    s = IndexLine(*store, db.get(), ++number, line);
    if (!s.ok()) return s;
  }

  std::vector<uint32_t> lines(number);
  for (uint32_t i = 0; i < number; ++i) lines[i] = i + 1;
  for (const std::string& word : words) {
    sheaf::PinnedBlob postings;
    s = store->Get(rocksdb::ReadOptions(), word, &postings);
    if (!s.ok() && !s.IsNotFound()) return s;  // a word that is nowhere has an empty list
    Intersect(postings, &lines);
  }
  for (const uint32_t line : lines) std::printf("%u\n", line);
  return rocksdb::Status::OK();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: posting_lists NEW_DB WORD... < TEXT\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1], std::vector<std::string>(argv + 2, argv + argc));
  if (s.ok()) return 0;
  std::fprintf(stderr, "posting_lists: %s\n", s.ToString().c_str());
  return 1;
}
