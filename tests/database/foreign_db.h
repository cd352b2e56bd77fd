// ForeignDb: a fixture with DBs that an application made with options of its own, opened by the
// application (RocksDB itself) and by the tool in turns.

#ifndef SHEAF_TESTS_DATABASE_FOREIGN_DB_H_
#define SHEAF_TESTS_DATABASE_FOREIGN_DB_H_

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {

class ForeignDb : public ::testing::Test {
 protected:
  using List = std::vector<std::string>;

  static rocksdb::Options AppOptions() {
    RegisterPlugin();
    rocksdb::Options options;
    options.create_if_missing = true;
    options.merge_operator = NewAppendOperator();
    options.table_properties_collector_factories.push_back(NewStatsCollectorFactory());
    return options;
  }

  // The application opens `path` with its options, and closes it.
  static void App(const rocksdb::Options& options, const std::string& path,
                  const std::function<void(rocksdb::DB*, Store*)>& use) {
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, path, &opened);
    ASSERT_EQ(status.ToString(), "OK");
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::unique_ptr<Store> store;
    ASSERT_EQ(Store::Open(db.get(), nullptr, {}, &store).ToString(), "OK");
    use(db.get(), store.get());
    store.reset();
    ASSERT_EQ(db->Close().ToString(), "OK");
  }

  static void AppAppends(const rocksdb::Options& options, const std::string& path,
                         const std::string& key, const std::string& value, bool flush = false) {
    App(options, path, [&](rocksdb::DB* db, Store* store) {
      ASSERT_EQ(store->Append(rocksdb::WriteOptions(), key, {value}).ToString(), "OK");
      if (flush) {
        ASSERT_EQ(db->Flush({}).ToString(), "OK");
      }
    });
  }

  // All lists, as the application reads them.
  static std::map<std::string, List> AppReads(const rocksdb::Options& options,
                                              const std::string& path) {
    std::map<std::string, List> lists;
    App(options, path, [&](rocksdb::DB*, Store* store) {
      const auto cursor = store->Scan({}, KeyRange::All());
      for (; cursor->Valid(); cursor->Next()) {
        List& list = lists[cursor->key().ToString()];
        for (const std::string_view value : cursor->values()) list.emplace_back(value);
      }
      EXPECT_EQ(cursor->status().ToString(), "OK");
    });
    return lists;
  }

  // All lists, as the tool reads them.
  static std::map<std::string, List> ToolReads(const std::string& path,
                                               const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"export", "--db", path};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Result result = RunSheaf(arguments);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    std::map<std::string, List> lists;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) {
      const size_t tab = line.find('\t');
      lists[line.substr(0, tab)].push_back(line.substr(tab + 1));
    }
    return lists;
  }

  static void Tool(const std::vector<std::string>& arguments, const std::string& input = "") {
    const Result result = RunSheaf(arguments, input);
    ASSERT_EQ(result.exit_status, 0) << arguments[0] << ": " << result.err;
  }

  static void Refused(const std::vector<std::string>& arguments, const std::string& reason,
                      const std::string& input = "") {
    const Result result = RunSheaf(arguments, input);
    EXPECT_EQ(result.exit_status, 1) << arguments[0];
    EXPECT_TRUE(Has(result.err, reason)) << arguments[0] << ": " << result.err;
    EXPECT_EQ(result.out, "") << arguments[0];
  }

  static std::vector<std::vector<std::string>> ReadingCommands(const std::string& path) {
    return {{"get", "--db", path, "k"}, {"scan", "--db", path},
            {"export", "--db", path},   {"stats", "--db", path, "--exact"},
            {"stats", "--db", path},    {"stats", "--db", path, "--debt"},
            {"verify", "--db", path},   {"repair", "--db", path, "--dry-run"}};
  }
  static std::vector<std::vector<std::string>> WritingCommands(const std::string& path) {
    return {{"append", "--db", path, "k", "v"},
            {"load", "--db", path},
            {"load", "--db", path, "--mode", "replace"},
            {"repair", "--db", path},
            {"compact", "--db", path, "--all"}};
  }

  // Everything below `folder`: names, kinds, modes, times, bytes.
  static std::map<std::string, std::string> Everything(const std::string& folder) {
    std::map<std::string, std::string> all;
    const auto add = [&](const std::filesystem::path& path) {
      struct stat info;
      ASSERT_EQ(lstat(path.c_str(), &info), 0);
      std::ostringstream text;
      text << info.st_mode << " " << info.st_ino << " " << info.st_size << " "
           << info.st_mtim.tv_sec << "." << info.st_mtim.tv_nsec << " " << info.st_ctim.tv_sec
           << "." << info.st_ctim.tv_nsec << "\n";
      if (S_ISREG(info.st_mode)) text << ReadFile(path.string());
      all[path.string()] = text.str();
    };
    add(folder);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      add(entry.path());
    }
    return all;
  }

  static std::string LatestOptionsFile(const std::string& path) {
    std::string name;
    EXPECT_TRUE(rocksdb::GetLatestOptionsFileName(path, rocksdb::Env::Default(), &name).ok());
    return path + "/" + name;
  }

  // `line` under `section` of the newest OPTIONS, as a user would put it there.
  static void PutOption(const std::string& path, const std::string& section,
                        const std::string& line) {
    const std::string file = LatestOptionsFile(path);
    std::string text = ReadFile(file);
    const std::string name = line.substr(0, line.find('='));
    const size_t at = text.find("[" + section);
    ASSERT_NE(at, std::string::npos);
    const size_t begin = text.find('\n', at) + 1;
    const size_t end = std::min(text.find("\n[", begin), text.size());
    const size_t old = text.find("  " + name + "=", begin);
    if (old < end) text.erase(old, text.find('\n', old) + 1 - old);
    text.insert(begin, "  " + line + "\n");
    WriteFile(file, text);
  }

  static void CopyFolder(const std::string& from, const std::string& to) {
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }

  static std::vector<std::string> FilesOf(const std::string& folder, const std::string& suffix) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == suffix) names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_DATABASE_FOREIGN_DB_H_
