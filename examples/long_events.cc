// An event log that grows for ever: one long list a topic, appended to as events come. Three ways
// to drop what is old, one a topic:
//
//   by number     the newest kKept events stay
//   by consumer   what a consumer has handled goes. It stores the position where it goes on, in one
//                 write with what it made of the events, so that it handles each exactly once
//   by age        events have a time; those before the last kMaxAge go
//
// A std::deque a topic says what is right. The DB is closed and opened again now and then, and the
// consumer loses what it has read.
//
//   long_events NEW_DB [EVENTS]        20,000 events by default

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/snapshot.h"
#include "rocksdb/write_batch.h"
#include "sheaf/big_endian.h"
#include "sheaf/long_store.h"

namespace {

constexpr size_t kTopics = 3;
constexpr char kByNumber[] = "by number";
constexpr char kByConsumer[] = "by consumer";
constexpr char kByAge[] = "by age";
constexpr char kHandled[] = "handled";      // what the consumer makes of the second topic
constexpr char kPosition[] = "consumer:1";  // where it goes on, in column family "positions"

constexpr uint64_t kKept = 1000;
constexpr uint64_t kMaxAge = 3600;  // seconds
constexpr size_t kBatch = 50;       // events that the consumer handles at a time

// Of how many events each thing is done. Trims drop more than a page has.
constexpr size_t kTrimEach = 500;
constexpr size_t kConsumeEach = 70;
constexpr size_t kReopenEach = 3001;

// An event: its time, 8 bytes big-endian, and a text.
constexpr size_t kTimeBytes = 8;
absl::StatusOr<uint64_t> TimeOf(std::string_view event) {
  return sheaf::DecodeBigEndian<uint64_t>(event.substr(0, kTimeBytes));
}

rocksdb::Status Wrong(const std::string& what) { return rocksdb::Status::Corruption(what); }

// What a topic must be.
struct Model {
  uint64_t first = 0;
  std::deque<std::string> events;

  uint64_t end() const { return first + events.size(); }
  void TrimBefore(uint64_t position) {
    for (; first < position && !events.empty(); ++first) events.pop_front();
  }
};

class Log {
 public:
  ~Log() { Close().PermitUncheckedError(); }

  rocksdb::Status Open(const std::string& path) {
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    rocksdb::ColumnFamilyOptions events;
    sheaf::AppendOptions append;
    append.page_bytes = 4 << 10;  // of 60 events or so. Longer logs take kDefaultPageBytes
    events.merge_operator = sheaf::NewAppendOperator(append);
    events.sst_partitioner_factory = sheaf::NewPagePartitionerFactory();
    // Long lists have a column family of their own.
    rocksdb::Status s =
        sheaf::OpenDB(options, path,
                      {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
                       {"positions", rocksdb::ColumnFamilyOptions()},
                       {"events", events}},
                      &families_, &db_);
    if (s.ok()) s = sheaf::LongStore::Open(db_.get(), families_[2], {}, &topics_);
    return s;
  }

  rocksdb::Status Close() {
    if (db_ == nullptr) return rocksdb::Status::OK();
    rocksdb::Status s = topics_ == nullptr ? rocksdb::Status::OK() : topics_->Close();
    topics_.reset();
    for (rocksdb::ColumnFamilyHandle* const family : families_) {
      const rocksdb::Status destroyed = db_->DestroyColumnFamilyHandle(family);
      if (s.ok()) s = destroyed;
    }
    families_.clear();
    db_.reset();
    return s;
  }

  sheaf::LongStore& topics() { return *topics_; }

  // Keeps the newest `count` events.
  rocksdb::Status KeepNewest(const std::string& topic, uint64_t count) {
    uint64_t first = 0;
    uint64_t end = 0;
    rocksdb::Status s = topics_->Bounds(rocksdb::ReadOptions(), topic, &first, &end);
    if (!s.ok() || end - first <= count) return s;
    return topics_->TrimBefore(rocksdb::WriteOptions(), topic, end - count);
  }

  // Drops events from before `time`. Their times ascend, so a binary search finds the first one
  // that stays. It reads one event a step, all from one snapshot.
  rocksdb::Status DropBefore(const std::string& topic, uint64_t time) {
    rocksdb::ManagedSnapshot snapshot(db_.get());
    rocksdb::ReadOptions options;
    options.snapshot = snapshot.snapshot();
    uint64_t low = 0;
    uint64_t high = 0;
    rocksdb::Status s = topics_->Bounds(options, topic, &low, &high);
    while (s.ok() && low < high) {
      const uint64_t middle = low + (high - low) / 2;
      std::vector<sheaf::PinnedSlice> event;
      s = topics_->GetRange(options, topic, middle, 1, &event);
      if (!s.ok()) break;
      const absl::StatusOr<uint64_t> at = TimeOf(event[0].view());
      if (!at.ok()) return Wrong(at.status().ToString());
      if (*at < time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return s.ok() ? topics_->TrimBefore(rocksdb::WriteOptions(), topic, low) : s;
  }

  // Where the consumer goes on.
  rocksdb::Status Position(uint64_t* position) {
    std::string stored;
    rocksdb::Status s = db_->Get(rocksdb::ReadOptions(), families_[1], kPosition, &stored);
    *position = 0;
    if (s.IsNotFound()) return rocksdb::Status::OK();
    if (!s.ok()) return s;
    const absl::StatusOr<uint64_t> decoded = sheaf::DecodeBigEndian<uint64_t>(stored);
    if (!decoded.ok()) return Wrong(decoded.status().ToString());
    *position = *decoded;
    return s;
  }

  // Handles the next events, if there are any. If `crash`, ends before anything is written.
  rocksdb::Status Consume(const std::string& topic, bool crash, size_t* handled) {
    *handled = 0;
    uint64_t position = 0;
    rocksdb::Status s = Position(&position);
    if (!s.ok()) return s;
    std::vector<sheaf::PinnedSlice> events;
    uint64_t first = 0;
    s = topics_->GetRange(rocksdb::ReadOptions(), topic, position, kBatch, &events, &first);
    if (!s.ok()) return s;
    if (first != position) return Wrong("events were trimmed before they were handled");
    if (events.empty() || crash) return s;

    std::vector<std::string> results;
    for (const sheaf::PinnedSlice& event : events) {
      results.push_back("handled" + event.ToString().substr(kTimeBytes));
    }
    // One write: either all of this is there after a crash, or nothing.
    rocksdb::WriteBatch batch;
    s = topics_->Append(&batch, kHandled, results);
    if (s.ok()) {
      s = batch.Put(families_[1], kPosition, sheaf::EncodeBigEndian(position + events.size()));
    }
    if (s.ok()) s = db_->Write(rocksdb::WriteOptions(), &batch);
    if (s.ok()) *handled = events.size();
    return s;
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::unique_ptr<sheaf::LongStore> topics_;
};

// All events of a topic and their positions, in memory of one page.
rocksdb::Status Compare(sheaf::LongStore& topics, const std::string& topic, const Model& model) {
  uint64_t first = 0;
  uint64_t end = 0;
  rocksdb::Status s = topics.Bounds(rocksdb::ReadOptions(), topic, &first, &end);
  if (!s.ok()) return s;
  if (first != model.first || end != model.end()) return Wrong("other positions in " + topic);
  uint64_t at = first;
  const auto page = topics.Pages(rocksdb::ReadOptions(), topic);
  for (; page->Valid(); page->Next()) {
    if (page->position() != at) return Wrong("a gap in " + topic);
    for (const std::string_view event : page->values()) {
      if (at == end || event != model.events[at - first]) return Wrong("other events in " + topic);
      ++at;
    }
  }
  if (page->status().ok() && at != end) return Wrong("fewer events in " + topic);
  return page->status();
}

rocksdb::Status Run(const std::string& path, size_t events) {
  Log log;
  rocksdb::Status s = log.Open(path);
  if (!s.ok()) return s;
  const std::string topics[kTopics] = {kByNumber, kByConsumer, kByAge};
  Model models[kTopics];
  Model handled;
  uint64_t now = 1700000000;
  uint64_t sealed = 0;
  std::mt19937 random(7);
  for (size_t n = 1; s.ok() && n <= events; ++n) {
    now += random() % 10;
    const std::string event = sheaf::EncodeBigEndian(now) + " event " + std::to_string(n) +
                              std::string(random() % 90, '.');
    for (size_t i = 0; s.ok() && i < kTopics; ++i) {
      s = log.topics().Append(rocksdb::WriteOptions(), topics[i], event);
      models[i].events.push_back(event);
    }
    handled.events.push_back("handled" + event.substr(kTimeBytes));

    if (s.ok() && (n % kConsumeEach == 0 || n == events)) {
      size_t count = 0;
      const bool crash = random() % 3 == 0;
      s = log.Consume(kByConsumer, crash, &count);
      while (s.ok() && (count != 0 || (n == events && crash))) {
        s = log.Consume(kByConsumer, /*crash=*/false, &count);
        if (count == 0) break;
      }
    }
    if (s.ok() && (n % kTrimEach == 0 || n == events)) {
      s = log.KeepNewest(kByNumber, kKept);
      if (models[0].events.size() > kKept) models[0].TrimBefore(models[0].end() - kKept);

      uint64_t position = 0;
      if (s.ok()) s = log.Position(&position);
      if (s.ok()) s = log.topics().TrimBefore(rocksdb::WriteOptions(), kByConsumer, position);
      models[1].TrimBefore(position);

      if (s.ok()) s = log.DropBefore(kByAge, now - kMaxAge);
      Model& by_age = models[2];
      while (TimeOf(by_age.events.front()).value() < now - kMaxAge) {
        by_age.TrimBefore(by_age.first + 1);
      }
      for (size_t i = 0; s.ok() && i < kTopics; ++i) {
        s = Compare(log.topics(), topics[i], models[i]);
      }
    }
    if (s.ok() && n % kReopenEach == 0) {
      sealed += log.topics().stats().pages_sealed;
      s = log.Close();
      if (s.ok()) s = log.Open(path);
    }
  }
  if (s.ok()) s = Compare(log.topics(), kHandled, handled);
  if (!s.ok()) return s;
  if (models[1].first != events) return Wrong("the consumer has not come to the end");
  std::printf("%zu events; kept by number: %zu, by age: as many as the model\n", events,
              models[0].events.size());
  std::printf("the consumer handled each exactly once, in order\n");
  std::fprintf(stderr, "%llu pages sealed, %zu events younger than an hour\n",
               static_cast<unsigned long long>(sealed + log.topics().stats().pages_sealed),
               models[2].events.size());
  return log.Close();
}

}  // namespace

int main(int argc, char** argv) {
  const size_t events = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 20000;
  if (argc < 2 || argc > 3 || events == 0) {
    std::fprintf(stderr, "usage: long_events NEW_DB [EVENTS]\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1], events);
  if (s.ok()) return 0;
  std::fprintf(stderr, "long_events: %s\n", s.ToString().c_str());
  return 1;
}
