// An inverted index over text files: documents are added, changed and removed, and a query finds
// the lines that have every word.
//
//   posting_lists DB < COMMANDS
//
//   add NAME FILE      indexes FILE as the document NAME, in place of what NAME was before
//   remove NAME...
//   find WORD...       prints NAME:LINE for each of the lines
//   list               prints the NAME of each document, the one added or changed last at the end
//
// All keys have lists:
//
//   word:WORD    the postings of WORD, sorted. A posting is the id of a document and the number of
//                a line, both big-endian: postings sort as bytes, and an id is a prefix of its own.
//   id:ID        the document's name, then its words: what to remove when it changes
//   name:NAME    the document's id
//   ids          the ids of all documents, sorted. A new one is larger than all of them, so that
//                its postings go to the end of each list.

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/big_endian.h"
#include "sheaf/store.h"

namespace {

using Strings = std::vector<std::string>;

// The bytes of an id, and of a line's number.
constexpr size_t kNumberSize = sizeof(uint32_t);

std::string Key(std::string key, std::string_view of) { return key.append(of); }

class Index {
 public:
  Index(rocksdb::DB* db, sheaf::Store* store) : db_(db), store_(store) {}

  rocksdb::Status Add(const std::string& name, std::istream& text) {
    rocksdb::WriteBatch batch;
    rocksdb::Status s = Forget({name}, &batch);
    if (!s.ok()) return s;
    std::string id;
    s = NewId(&id);
    if (!s.ok()) return s;

    const std::map<std::string, Strings> postings = Postings(id, text);
    std::vector<std::string_view> document = {name};
    for (const auto& [word, lines] : postings) {
      s = store_->Append(&batch, Key("word:", word), lines);
      if (!s.ok()) return s;
      document.push_back(word);
    }
    s = store_->Put(&batch, Key("id:", id), document);
    if (s.ok()) s = store_->Put(&batch, Key("name:", name), id);
    if (s.ok()) s = store_->Append(&batch, "ids", id);
    return s.ok() ? db_->Write(rocksdb::WriteOptions(), &batch) : s;
  }

  rocksdb::Status Remove(const Strings& names) {
    rocksdb::WriteBatch batch;
    const rocksdb::Status s = Forget(names, &batch);
    return s.ok() ? db_->Write(rocksdb::WriteOptions(), &batch) : s;
  }

  // Sets `*found` to the postings that the lists of all `words` have: for each posting of the
  // shortest list, a binary search in the others, from where the one before it ended.
  rocksdb::Status Find(const Strings& words, Strings* found) {
    Strings keys;
    for (const std::string& word : words) keys.push_back(Key("word:", word));
    std::vector<sheaf::PinnedBlob> lists;
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    for (const rocksdb::Status& s : store_->MultiGet(rocksdb::ReadOptions(), slices, &lists)) {
      if (!s.ok() && !s.IsNotFound()) return s;  // a word that is nowhere has an empty list
    }
    std::sort(lists.begin(), lists.end(),
              [](const auto& a, const auto& b) { return a.size() < b.size(); });
    std::vector<sheaf::PinnedBlob::const_iterator> from;
    for (const sheaf::PinnedBlob& list : lists) from.push_back(list.begin());
    for (const std::string_view posting : lists[0]) {
      bool all = true;
      for (size_t i = 1; i < lists.size() && all; ++i) {
        from[i] = std::lower_bound(from[i], lists[i].end(), posting);
        all = from[i] != lists[i].end() && *from[i] == posting;
      }
      if (all) found->emplace_back(posting);
    }
    return rocksdb::Status::OK();
  }

  // Sets `*ids` to the ids of all documents.
  rocksdb::Status List(Strings* ids) {
    sheaf::PinnedBlob list;
    const rocksdb::Status s = store_->Get(rocksdb::ReadOptions(), "ids", &list);
    ids->assign(list.begin(), list.end());
    return s.IsNotFound() ? rocksdb::Status::OK() : s;
  }

  // The name of the document `id`.
  rocksdb::Status Name(std::string_view id, std::string* name) {
    sheaf::PinnedSlice first;
    const rocksdb::Status s = store_->GetAt(rocksdb::ReadOptions(), Key("id:", id), 0, &first);
    *name = first.ToString();
    return s;
  }

 private:
  // Removes what is known of `names`. Ignores a document that is not there.
  rocksdb::Status Forget(const Strings& names, rocksdb::WriteBatch* batch) {
    Strings ids;
    for (const std::string& name : names) {
      sheaf::PinnedSlice id;
      rocksdb::Status s = store_->GetAt(rocksdb::ReadOptions(), Key("name:", name), 0, &id);
      if (s.IsNotFound()) continue;
      if (!s.ok()) return s;
      ids.push_back(id.ToString());
      sheaf::PinnedBlob document;
      s = store_->Get(rocksdb::ReadOptions(), Key("id:", ids.back()), &document);
      if (!s.ok()) return s;
      for (auto word = std::next(document.begin()); word != document.end() && s.ok(); ++word) {
        s = store_->RemovePrefix(batch, Key("word:", *word), ids.back());
      }
      if (s.ok()) s = store_->Delete(batch, Key("id:", ids.back()));
      if (s.ok()) s = store_->Delete(batch, Key("name:", name));
      if (!s.ok()) return s;
    }
    return store_->Remove(batch, "ids", ids);
  }

  rocksdb::Status NewId(std::string* id) {
    std::vector<sheaf::PinnedSlice> newest;
    const rocksdb::Status s = store_->GetLast(rocksdb::ReadOptions(), "ids", 1, &newest);
    if (!s.ok() && !s.IsNotFound()) return s;
    uint32_t number = 0;
    if (!newest.empty()) {
      const absl::StatusOr<uint32_t> last = sheaf::DecodeBigEndian<uint32_t>(newest[0]);
      if (!last.ok()) return rocksdb::Status::Corruption(last.status().ToString());
      number = *last;
    }
    *id = sheaf::EncodeBigEndian(number + 1);
    return rocksdb::Status::OK();
  }

  static std::map<std::string, Strings> Postings(const std::string& id, std::istream& text) {
    std::map<std::string, Strings> postings;
    std::string line;
    for (uint32_t number = 1; std::getline(text, line); ++number) {
      const std::string posting = id + sheaf::EncodeBigEndian(number);
      std::string word;
      for (const char c : line + " ") {
        if (std::isalnum(static_cast<unsigned char>(c))) {
          word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
          Strings& lines = postings[word];
          if (lines.empty() || lines.back() != posting) lines.push_back(posting);
          word.clear();
        }
      }
    }
    return postings;
  }

  rocksdb::DB* const db_;
  sheaf::Store* const store_;
};

rocksdb::Status Command(Index& index, const std::string& line) {
  std::istringstream in(line);
  std::string command;
  in >> command;
  Strings words{std::istream_iterator<std::string>(in), {}};
  if (command == "add" && words.size() == 2) {
    std::ifstream text(words[1]);
    if (!text) return rocksdb::Status::IOError(words[1], "cannot be read");
    return index.Add(words[0], text);
  }
  if (command == "remove" && !words.empty()) return index.Remove(words);
  Strings found;  // ids, or postings
  rocksdb::Status s = rocksdb::Status::InvalidArgument("not a command", line);
  if (command == "find" && !words.empty()) s = index.Find(words, &found);
  if (command == "list" && words.empty()) s = index.List(&found);
  for (const std::string& each : found) {
    std::string name;
    if (s.ok()) s = index.Name(each.substr(0, kNumberSize), &name);
    if (!s.ok()) return s;
    std::printf("%s", name.c_str());
    if (each.size() > kNumberSize) {
      const auto number = sheaf::DecodeBigEndian<uint32_t>(each.substr(kNumberSize));
      if (!number.ok()) return rocksdb::Status::Corruption(number.status().ToString());
      std::printf(":%u", *number);
    }
    std::printf("\n");
  }
  return s;
}

rocksdb::Status Run(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = sheaf::NewAppendOperator();
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, path, &db);
  if (!s.ok()) return s;
  std::unique_ptr<sheaf::Store> store;
  s = sheaf::Store::Open(db.get(), nullptr, {}, &store);
  if (!s.ok()) return s;

  Index index(db.get(), store.get());
  for (std::string line; s.ok() && std::getline(std::cin, line);) s = Command(index, line);
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: posting_lists DB < COMMANDS\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1]);
  if (s.ok()) return 0;
  std::fprintf(stderr, "posting_lists: %s\n", s.ToString().c_str());
  return 1;
}
