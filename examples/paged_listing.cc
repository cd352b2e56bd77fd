// The posts of a user as a web site lists them: newest first, page by page, with a link to older
// posts. The link has a token: the position of the oldest post that was shown. Positions do not
// change, so the next page begins right below it, whatever was posted or trimmed meanwhile.
//
//     posts         0 ... 62 | 63 ... 82 | 83 ... 102 | 103 104 ...   posted since
//                             page 2      page 1
//     tokens                 ^ "63"      ^ "83"
//
// Somebody posts, and trims, while the pages are read. A std::deque says what is right.
//
//   paged_listing NEW_DB

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/long_store.h"

namespace {

constexpr char kUser[] = "user:7";
constexpr size_t kPosts = 1003;
constexpr size_t kPageSize = 20;

struct Page {
  std::vector<sheaf::PinnedSlice> posts;  // the newest first
  std::string older;                      // the token of the next page; empty: there is none
};

// Reads the page of `token`; of the newest posts, if it is empty. NotFound: nobody of that name.
rocksdb::Status ReadPage(sheaf::LongStore& posts, const std::string& user, const std::string& token,
                         Page* page) {
  *page = Page();
  uint64_t first = 0;
  uint64_t end = 0;
  rocksdb::Status s = posts.Bounds(rocksdb::ReadOptions(), user, &first, &end);
  if (!s.ok()) return s;
  uint64_t below = end;
  if (!token.empty()) {
    const char* const stop = token.data() + token.size();
    const std::from_chars_result parsed = std::from_chars(token.data(), stop, below);
    if (parsed.ec != std::errc() || parsed.ptr != stop) {
      return rocksdb::Status::InvalidArgument("not a token", token);
    }
  }
  below = std::min(below, end);  // tokens come from outside
  const uint64_t from = below > first + kPageSize ? below - kPageSize : first;
  if (below <= from) return s;  // the rest was trimmed
  s = posts.GetRange(rocksdb::ReadOptions(), user, from, below - from, &page->posts);
  if (!s.ok()) return s;
  std::reverse(page->posts.begin(), page->posts.end());
  if (from > first) page->older = std::to_string(from);
  return s;
}

class Site {
 public:
  explicit Site(sheaf::LongStore* posts) : posts_(*posts) {}

  rocksdb::Status Post() {
    model_.push_back("post " + std::to_string(first_ + model_.size()));
    return posts_.Append(rocksdb::WriteOptions(), kUser, model_.back());
  }

  rocksdb::Status DropOldest(size_t count) {
    first_ += count;
    model_.erase(model_.begin(), model_.begin() + count);
    return posts_.TrimBefore(rocksdb::WriteOptions(), kUser, first_);
  }

  // Follows the links from the newest page to the last, and calls `between` after each page.
  // Each post that was there at the beginning, and was not trimmed until its page was read, comes
  // once, and no other one.
  template <typename Between>
  rocksdb::Status Browse(size_t* pages, const Between& between) {
    *pages = 0;
    uint64_t next = first_ + model_.size();  // the position above the next post
    Page page;
    do {
      const std::string token = page.older;
      rocksdb::Status s = ReadPage(posts_, kUser, token, &page);
      if (!s.ok()) return s;
      for (const sheaf::PinnedSlice& post : page.posts) {
        if (next == first_ || post != model_[--next - first_]) {
          return rocksdb::Status::Corruption("a post is missing or twice", post.ToString());
        }
      }
      ++*pages;
      if (page.older.empty() && next > first_) {
        return rocksdb::Status::Corruption("the last page came too early");
      }
      s = between();
      if (!s.ok()) return s;
    } while (!page.older.empty());
    return rocksdb::Status::OK();
  }

 private:
  sheaf::LongStore& posts_;
  uint64_t first_ = 0;
  std::deque<std::string> model_;
};

rocksdb::Status Run(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  sheaf::AppendOptions append;
  append.page_bytes = 1 << 10;  // of 100 posts or so: they are short. See kDefaultPageBytes
  options.merge_operator = sheaf::NewAppendOperator(append);
  options.sst_partitioner_factory = sheaf::NewPagePartitionerFactory();
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, path, &db);
  if (!s.ok()) return s;
  std::unique_ptr<sheaf::LongStore> posts;
  s = sheaf::LongStore::Open(db.get(), nullptr, {}, &posts);
  if (!s.ok()) return s;

  Page page;
  if (!ReadPage(*posts, "nobody", "", &page).IsNotFound()) {
    return rocksdb::Status::Corruption("a list that nobody made");
  }
  Site site(posts.get());
  for (size_t i = 0; s.ok() && i < kPosts; ++i) s = site.Post();
  if (!s.ok()) return s;

  s = ReadPage(*posts, kUser, "", &page);
  if (!s.ok()) return s;
  std::printf("%s ... %s, older: %s\n", page.posts.front().ToString().c_str(),
              page.posts.back().ToString().c_str(), page.older.c_str());

  size_t pages = 0;
  s = site.Browse(&pages, [] { return rocksdb::Status::OK(); });
  if (!s.ok()) return s;
  std::printf("%zu pages\n", pages);
  s = site.Browse(&pages, [&] {
    rocksdb::Status posted;
    for (size_t i = 0; posted.ok() && i < 7; ++i) posted = site.Post();
    return posted;
  });
  if (!s.ok()) return s;
  std::printf("%zu pages, while others post\n", pages);
  s = site.Browse(&pages, [&] { return site.DropOldest(20); });
  if (!s.ok()) return s;
  std::printf("%zu pages, while the oldest posts are trimmed\n", pages);
  return posts->Close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: paged_listing NEW_DB\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1]);
  if (s.ok()) return 0;
  std::fprintf(stderr, "paged_listing: %s\n", s.ToString().c_str());
  return 1;
}
