// The events of many users, a list a user: appended as they come, read for several users at once
// with MultiGet, and kept beyond the DB.
//
//   event_log NEW_DB

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/store.h"

namespace {

struct Event {
  const char* user;
  const char* what;
};

rocksdb::Status Run(const std::string& path, std::vector<sheaf::PinnedSlice>* last_events) {
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

  for (const Event& event : {Event{"ada", "login"}, Event{"bob", "login"}, Event{"ada", "search"},
                             Event{"ada", "buy"}, Event{"bob", "logout"}}) {
    s = store->Append(rocksdb::WriteOptions(), event.user, {event.what});
    if (!s.ok()) return s;
  }

  const std::vector<rocksdb::Slice> users = {"ada", "bob", "eve"};
  std::vector<sheaf::PinnedBlob> lists(users.size());
  std::vector<rocksdb::Status> statuses(users.size());
  store->MultiGet(rocksdb::ReadOptions(), users.size(), users.data(), lists.data(),
                  statuses.data());
  for (size_t i = 0; i < users.size(); ++i) {
    if (!statuses[i].ok() && !statuses[i].IsNotFound()) return statuses[i];
    std::printf("%s:", users[i].ToString().c_str());
    for (const std::string_view event : lists[i]) {
      std::printf(" %.*s", static_cast<int>(event.size()), event.data());
    }
    std::printf("%s\n", statuses[i].IsNotFound() ? " nothing yet" : "");
    // Detached, as one event is to be kept for long and its block need not be.
    if (!lists[i].empty()) last_events->push_back(lists[i].Slice(lists[i].size() - 1).Detach());
  }
  return rocksdb::Status::OK();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: event_log NEW_DB\n");
    return 2;
  }
  std::vector<sheaf::PinnedSlice> last_events;
  const rocksdb::Status s = Run(argv[1], &last_events);
  if (!s.ok()) {
    std::fprintf(stderr, "event_log: %s\n", s.ToString().c_str());
    return 1;
  }
  // The DB is closed; the slices are not.
  for (const sheaf::PinnedSlice& event : last_events) {
    std::printf("last: %s\n", event.ToString().c_str());
  }
  return 0;
}
