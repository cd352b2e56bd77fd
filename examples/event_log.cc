// The events of several users, a bounded list a user: appended as they come, the newest read all
// the time, and all of them now and then, page by page. A std::deque a user says what is right.
//
//   event_log NEW_DB [EVENTS]        20,000 events by default; tells how many a second on stderr

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/store.h"

namespace {

constexpr size_t kUsers = 4;
constexpr size_t kNewest = 20;    // read after each tenth append
constexpr size_t kKept = 1000;    // what a Trim leaves, after each hundredth append
constexpr size_t kPageSize = 64;  // of the pages that are read ten times in all

using Model = std::deque<std::string>;

template <typename Values>
rocksdb::Status Compare(const Values& values, Model::const_iterator begin,
                        Model::const_iterator end) {
  if (std::equal(values.begin(), values.end(), begin, end)) return rocksdb::Status::OK();
  return rocksdb::Status::Corruption("a list is not what was appended");
}

// Calls, and the time that they took.
class Timer {
 public:
  template <typename Call>
  rocksdb::Status operator()(const Call& call) {
    const auto begin = std::chrono::steady_clock::now();
    rocksdb::Status s = call();
    time_ += std::chrono::steady_clock::now() - begin;
    ++calls_;
    return s;
  }
  double PerSecond() const { return calls_ / time_.count(); }

 private:
  std::chrono::duration<double> time_ = {};
  double calls_ = 0;
};

// Each page begins where the one before it ended.
rocksdb::Status ComparePages(sheaf::Store& store, const std::string& user, const Model& model) {
  size_t first = 0;
  std::vector<sheaf::PinnedSlice> page;
  do {
    rocksdb::Status s = store.GetRange(rocksdb::ReadOptions(), user, first, kPageSize, &page);
    if (!s.ok()) return s;
    const size_t end = std::min(first + kPageSize, model.size());
    s = Compare(page, model.begin() + first, model.begin() + end);
    if (!s.ok()) return s;
    first = end;
  } while (!page.empty());
  return rocksdb::Status::OK();
}

rocksdb::Status Run(const std::string& path, size_t events) {
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

  const std::string users[kUsers] = {"ada", "bob", "eve", "joe"};
  Model models[kUsers];
  Timer appends, reads;
  std::mt19937 random(7);
  for (size_t n = 1; n <= events; ++n) {
    const size_t i = random() % kUsers;
    const std::string& user = users[i];
    Model& model = models[i];
    model.push_back("event " + std::to_string(n) + std::string(random() % 90, '.'));
    s = appends([&] { return store->Append(rocksdb::WriteOptions(), user, model.back()); });
    if (s.ok() && n % 10 == 0) {
      std::vector<sheaf::PinnedSlice> newest;
      s = reads([&] { return store->GetLast(rocksdb::ReadOptions(), user, kNewest, &newest); });
      if (s.ok()) {
        s = Compare(newest, model.end() - std::min(kNewest, model.size()), model.end());
      }
    }
    if (s.ok() && n % 100 == 0) {
      s = store->Trim(rocksdb::WriteOptions(), user, kKept);
      if (model.size() > kKept) model.erase(model.begin(), model.end() - kKept);
    }
    if (s.ok() && n % (events / 10 + 1) == 0) s = ComparePages(*store, user, model);
    if (!s.ok()) return s;
  }

  // All lists of one moment.
  const std::vector<rocksdb::Slice> keys(std::begin(users), std::end(users));
  std::vector<sheaf::PinnedBlob> lists;
  const std::vector<rocksdb::Status> statuses =
      store->MultiGet(rocksdb::ReadOptions(), keys, &lists);
  for (size_t i = 0; i < kUsers; ++i) {
    if (s.ok()) s = statuses[i];
    if (s.ok()) s = Compare(lists[i], models[i].begin(), models[i].end());
  }
  if (s.ok())
    std::printf("%zu events of %zu users, each read as it was appended\n", events, kUsers);
  std::fprintf(stderr, "%.0f appends a second; of the newest %zu events, %.0f reads a second\n",
               appends.PerSecond(), kNewest, reads.PerSecond());
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  const size_t events = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 20000;
  if (argc < 2 || argc > 3 || events < kUsers) {
    std::fprintf(stderr, "usage: event_log NEW_DB [EVENTS]\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1], events);
  if (s.ok()) return 0;
  std::fprintf(stderr, "event_log: %s\n", s.ToString().c_str());
  return 1;
}
