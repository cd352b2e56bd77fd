// Multi: the lists of 100 keys, chosen at random, in one iteration.
//
// With several threads each reads keys of its own choice. Reads a second are lists.

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "tools/bench/lmdb_lists.h"
#include "tools/bench/one_key.h"
#include "tools/bench/protobuf_format.h"
#include "tools/bench/read_bench.h"
#include "tools/bench/sheaf_format.h"
#include "tools/bench/sheaf_reader.h"
#include "tools/bench/value_reader.h"
#include "tools/bench/wide_columns.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kKeys = 100;

// Batches of keys that differ within a batch, in no order, chosen beforehand: choosing is not
// reading. So many that each key is read more than once before they begin anew.
class Batches {
 public:
  Batches(const ReadDb& db, int thread) {
    std::mt19937_64 random(static_cast<uint64_t>(thread) + 1);
    std::vector<size_t> lists(db.lists());
    std::iota(lists.begin(), lists.end(), 0);
    const size_t count = 2 * db.lists() / kKeys + 1;
    for (size_t batch = 0; batch < count; ++batch) {
      for (size_t i = 0; i < kKeys; ++i)
        std::swap(lists[i], lists[i + random() % (lists.size() - i)]);
      if (batch == 0) first_.assign(lists.begin(), lists.begin() + kKeys);
      batches_.emplace_back();
      for (size_t i = 0; i < kKeys; ++i) batches_.back().push_back(db.Key(lists[i]));
    }
  }

  // Which lists the first batch is of.
  const std::vector<size_t>& first() const { return first_; }
  const Keys& Next() {
    if (next_ == batches_.size()) next_ = 0;
    return batches_[next_++];
  }

 private:
  std::vector<size_t> first_;
  std::vector<Keys> batches_;
  size_t next_ = 0;
};

// MultiGet by one Get after the other.
template <typename Reader>
class EachAlone : public Reader {
 public:
  using Reader::Reader;
  template <typename Visit>
  rocksdb::Status MultiGet(const Keys& keys, Visit&& visit) {
    for (const rocksdb::Slice& key : keys) {
      rocksdb::Status s = this->Get(key, visit);
      if (!s.ok()) return s;
    }
    return rocksdb::Status::OK();
  }
};

// `Checked` visits all values of what `Timed` reads.
template <typename Timed, typename Checked = Timed>
void Multi(benchmark::State& state, ReadDb& db) {
  Batches batches(db, state.thread_index());
  {
    Checked reader(db);
    SameValues same;
    for (const size_t list : batches.first()) same.Expect(db.Model(list));
    if (!Ok(state, reader.MultiGet(batches.Next(), same)) || !same.Verify(state)) return;
  }
  Timed reader(db);
  const CountsAllocations counts(state);
  for (auto _ : state) {
    Visited visited;
    if (!reader.MultiGet(batches.Next(), visited).ok()) return state.SkipWithError("MultiGet");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kKeys));
}

}  // namespace

void AddMulti(const Shape& shape, size_t lists) {
  const auto add = [&](const char* name, ReadFunction function) {
    AddThreads("Multi", name, shape, lists, std::move(function));
  };
  using Whole = ValueReader<WholeFormat>;
  using Compact = ValueReader<CompactFormat>;
  using Last = SheafReader<Look::kLast>;
  using All = SheafReader<Look::kAll>;
  add("Floor.MultiGet", Multi<Whole, Compact>);
  add("Floor.Get", Multi<EachAlone<Whole>, EachAlone<Compact>>);
  add("Sheaf.MultiGet", Multi<Last, All>);
  add("Sheaf.MultiGetVisit", Multi<All>);
  add("Sheaf.Get", Multi<EachAlone<Last>, EachAlone<All>>);
  add("Naive.Strings", Multi<ValueReader<StringsFormat>>);
  add("Protobuf.Parse", Multi<ValueReader<ProtobufFormat>>);
  add("WideColumns.Get", Multi<EachAlone<WideColumnsReader>>);
  add("OneKey.Scan", Multi<EachAlone<OneKeyReader>>);
  add("Lmdb.Dup", Multi<EachAlone<LmdbReader>>);
}

}  // namespace bench
}  // namespace sheaf
