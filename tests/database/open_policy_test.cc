// What the tool takes over of an application's OPTIONS, sets and refuses; that OPTIONS stay as they
// are; and that what a writing command acknowledges is there, whatever OPTIONS say.

#include "tools/database/open_policy.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "rocksdb/convenience.h"
#include "rocksdb/options.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "tests/database/foreign_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using load::OptionRule;

class OpenPolicyTest : public ForeignDb {};

std::set<std::string> NamesIn(const std::string& text, const std::string& section) {
  std::set<std::string> names;
  const size_t begin = text.find('\n', text.find("[" + section));
  std::istringstream lines(text.substr(begin, text.find("\n[", begin) - begin));
  for (std::string line; std::getline(lines, line);) {
    if (const size_t end = line.find('='); end != std::string::npos) {
      names.insert(line.substr(2, end - 2));
    }
  }
  return names;
}

TEST_F(OpenPolicyTest, EachOptionThatRocksDbWritesHasOneRule) {
  rocksdb::Options app = AppOptions();
  app.wal_dir = folder_ + "/wal";
  app.db_log_dir = folder_ + "/logs";
  fs::create_directory(app.db_log_dir);
  AppAppends(app, db_, "k", "a");
  const std::string text = ReadFile(LatestOptionsFile(db_));
  const auto check = [](const std::vector<OptionRule>& rules, std::set<std::string> written) {
    for (const OptionRule& rule : rules) {
      EXPECT_EQ(written.erase(rule.name), 1u) << rule.name << " is twice, or not in OPTIONS";
      EXPECT_EQ(std::string(rule.why).empty(), rule.treatment == OptionRule::Treatment::kTakenOver)
          << rule.name;
    }
    for (const std::string& name : written) ADD_FAILURE() << name << " has no rule";
  };
  check(load::DbOptionRules(), NamesIn(text, "DBOptions"));
  check(load::FamilyOptionRules(), NamesIn(text, "CFOptions"));
}

TEST_F(OpenPolicyTest, GuideHasEachRuleOfWhatIsNotTakenOver) {
  const std::string guide = ReadFile("docs/guide.md");
  size_t rows = 0;
  for (const auto* const rules : {&load::DbOptionRules(), &load::FamilyOptionRules()}) {
    for (const OptionRule& rule : *rules) {
      if (rule.treatment == OptionRule::Treatment::kTakenOver) continue;
      ++rows;
      const std::string row = std::string("| `") + rule.name + "` | " + rule.why + " |\n";
      EXPECT_TRUE(Has(guide, row)) << row;
    }
  }
  const size_t begin = guide.find("| option | what the tool does, and why |");
  const std::string table = guide.substr(begin, guide.find("\n\n", begin) - begin);
  EXPECT_EQ(static_cast<size_t>(std::count(table.begin(), table.end(), '\n')), rows + 1);
}

// Every option whose rule is not "taken over" is changed by the policy, and no other.
TEST_F(OpenPolicyTest, PolicySetsWhatItsRulesSayAndNothingElse) {
  rocksdb::ConfigOptions config;
  config.delimiter = "\n  ";
  const auto options_of = [&](const rocksdb::DBOptions& db) {
    std::string text;
    EXPECT_TRUE(rocksdb::GetStringFromDBOptions(config, db, &text).ok());
    std::map<std::string, std::string> options;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const size_t begin = line.find_first_not_of(' ');
      const size_t end = line.find('=');
      if (end != std::string::npos) {
        options[line.substr(begin, end - begin)] = line.substr(end + 1);
      }
    }
    return options;
  };
  // Values that are neither RocksDB's defaults nor the policy's.
  rocksdb::DBOptions db;
  ASSERT_TRUE(
      rocksdb::GetDBOptionsFromString(
          config, db,
          "create_if_missing=true;create_missing_column_families=true;error_if_exists=true;"
          "best_efforts_recovery=true;paranoid_checks=false;"
          "wal_recovery_mode=kSkipAnyCorruptedRecords;"
          "skip_checking_sst_file_sizes_on_db_open=true;max_total_wal_size=7;"
          "db_write_buffer_size=7;manual_wal_flush=true;db_log_dir=/x;use_direct_reads=true;"
          "use_direct_io_for_flush_and_compaction=true;allow_mmap_writes=true;"
          "persist_stats_to_disk=true",
          &db)
          .ok());
  const auto before = options_of(db);
  std::vector<rocksdb::ColumnFamilyDescriptor> families(1);
  load::ApplyOpenPolicy(&db, &families);
  EXPECT_TRUE(families[0].options.disable_auto_compactions);
  const auto after = options_of(db);
  std::set<std::string> changed;
  for (const auto& [name, value] : before) {
    const auto found = after.find(name);
    if (found == after.end() || found->second != value) changed.insert(name);
  }
  for (const OptionRule& rule : load::DbOptionRules()) {
    const bool is_set = rule.treatment == OptionRule::Treatment::kSet;
    const bool is_object = std::string(rule.name) == "wal_filter";
    if (!is_object) {
      EXPECT_EQ(changed.count(rule.name), is_set ? 1u : 0u) << rule.name;
    }
  }
}

// One option that is, or was, trouble.
struct Trouble {
  std::string section;
  std::string line;
};

class TroubleTest : public ForeignDb, public ::testing::WithParamInterface<Trouble> {
 protected:
  rocksdb::Options OptionsOnDisk() {
    rocksdb::DBOptions db_options;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    EXPECT_EQ(rocksdb::LoadLatestOptions({}, db_, &db_options, &families).ToString(), "OK");
    return rocksdb::Options(db_options, families[0].options);
  }
};

TEST_P(TroubleTest, WhatIsAcknowledgedIsThereAndOptionsStayAsTheyWere) {
  const Trouble& trouble = GetParam();
  // Lists in an SST, in a merged one, and in the log.
  rocksdb::Options app = AppOptions();
  std::map<std::string, List> model;
  AppAppends(app, db_, "k", "sst", /*flush=*/true);
  AppAppends(app, db_, "k", "log");
  AppAppends(app, db_, "other", "log");
  model["k"] = {"sst", "log"};
  model["other"] = {"log"};
  PutOption(db_, trouble.section, trouble.line);
  const std::string said = ReadFile(LatestOptionsFile(db_));
  const bool fifo = Has(trouble.line, "FIFO");
  int appended = 0;
  for (const auto& command : WritingCommands(db_)) {
    if (fifo && (command[0] == "load" || command[0] == "compact")) {
      Refused(command, "FIFO", "k\tv\n");
    } else {
      Tool(command, "k\tv\n");
      if (command.back() == "replace") model["k"].clear();
      if (command[0] == "append" || command[0] == "load") model["k"].push_back("v");
    }
    EXPECT_EQ(ReadFile(LatestOptionsFile(db_)), said) << command[0];
    EXPECT_EQ(ToolReads(db_), model) << command[0];
    // The application opens a copy, so that the next command meets what the tool has left.
    const std::string copy = folder_ + "/copy" + std::to_string(appended++);
    CopyFolder(db_, copy);
    // Not every file system can do direct I/O; the tool works on each.
    if (!Has(trouble.line, "direct")) {
      EXPECT_EQ(AppReads(OptionsOnDisk(), copy), model) << command[0];
    }
    EXPECT_EQ(AppReads(AppOptions(), copy), model) << command[0];
  }
}

const Trouble kTroubles[] = {
    {"DBOptions", "best_efforts_recovery=true"},
    {"DBOptions", "wal_recovery_mode=kSkipAnyCorruptedRecords"},
    {"DBOptions", "wal_recovery_mode=kAbsoluteConsistency"},
    {"DBOptions", "wal_recovery_mode=kTolerateCorruptedTailRecords"},
    {"DBOptions", "paranoid_checks=false"},
    {"DBOptions", "avoid_flush_during_recovery=true"},
    {"DBOptions", "avoid_flush_during_shutdown=true"},
    {"DBOptions", "recycle_log_file_num=4"},
    {"DBOptions", "WAL_ttl_seconds=1"},
    {"DBOptions", "WAL_size_limit_MB=1"},
    {"DBOptions", "delete_obsolete_files_period_micros=0"},
    {"DBOptions", "keep_log_file_num=1"},
    {"DBOptions", "max_manifest_file_size=1"},
    {"DBOptions", "max_total_wal_size=1"},
    {"DBOptions", "db_write_buffer_size=1"},
    {"DBOptions", "max_open_files=20"},
    {"DBOptions", "allow_mmap_reads=true"},
    {"DBOptions", "allow_mmap_writes=true"},
    {"DBOptions", "use_direct_reads=true"},
    {"DBOptions", "use_direct_io_for_flush_and_compaction=true"},
    {"DBOptions", "skip_stats_update_on_db_open=true"},
    {"DBOptions", "skip_checking_sst_file_sizes_on_db_open=true"},
    {"DBOptions", "allow_2pc=true"},
    {"DBOptions", "two_write_queues=true"},
    {"DBOptions", "unordered_write=true"},
    {"DBOptions", "enable_pipelined_write=true"},
    {"DBOptions", "manual_wal_flush=true"},
    {"DBOptions", "wal_compression=kZSTD"},
    {"DBOptions", "track_and_verify_wals_in_manifest=true"},
    {"DBOptions", "write_dbid_to_manifest=true"},
    {"DBOptions", "atomic_flush=true"},
    {"DBOptions", "error_if_exists=false"},
    {"DBOptions", "persist_stats_to_disk=true"},
    {"DBOptions", "stats_dump_period_sec=1"},
    {"DBOptions", "avoid_unnecessary_blocking_io=true"},
    {"DBOptions", "fail_if_options_file_error=true"},
    {"CFOptions \"default\"", "compaction_style=kCompactionStyleFIFO"},
    {"CFOptions \"default\"", "compaction_style=kCompactionStyleUniversal"},
    {"CFOptions \"default\"", "disable_auto_compactions=true"},
    {"CFOptions \"default\"", "ttl=1"},
    {"CFOptions \"default\"", "periodic_compaction_seconds=1"},
    {"CFOptions \"default\"", "level0_file_num_compaction_trigger=1"},
    {"CFOptions \"default\"", "write_buffer_size=4194304"},
    {"CFOptions \"default\"", "compaction_filter=RemoveEmptyValueCompactionFilter"},
    {"CFOptions \"default\"", "max_successive_merges=2"},
    {"CFOptions \"default\"", "enable_blob_files=true"},
};
INSTANTIATE_TEST_SUITE_P(Options, TroubleTest, ::testing::ValuesIn(kTroubles),
                         [](const auto& info) {
                           std::string name = info.param.line;
                           for (char& c : name) {
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           }
                           return name;
                         });

TEST_F(OpenPolicyTest, FifoDropsNothingWhateverItsLimits) {
  Tool({"load", "--db", db_}, "k\ta\n");
  PutOption(db_, "CFOptions \"default\"", "compaction_style=kCompactionStyleFIFO");
  PutOption(
      db_, "CFOptions \"default\"",
      "compaction_options_fifo={allow_compaction=true;age_for_warm=0;max_table_files_size=1;}");
  PutOption(db_, "CFOptions \"default\"", "ttl=1");
  Refused({"load", "--db", db_}, "cannot load: the column family has FIFO", "k\tb\n");
  Refused({"compact", "--db", db_, "--key", "k"}, "cannot compact: the column family has FIFO");
  List model = {"a"};
  for (int i = 0; i < 12; ++i) {
    Tool({"append", "--db", db_, "k", "v"});
    model.push_back("v");
  }
  Tool({"repair", "--db", db_});
  EXPECT_EQ(ToolReads(db_)["k"], model);
}

TEST_F(OpenPolicyTest, CompactDropsNothingThatAFilterWouldDrop) {
  rocksdb::Options app = AppOptions();
  App(app, db_, [](rocksdb::DB* db, Store* store) {
    ASSERT_TRUE(db->Put({}, "empty", "").ok());
    ASSERT_TRUE(store->Append({}, "k", {"a"}).ok());
    ASSERT_TRUE(db->Flush({}).ok());
    ASSERT_TRUE(store->Append({}, "k", {"b"}).ok());
  });
  PutOption(db_, "CFOptions \"default\"", "compaction_filter=RemoveEmptyValueCompactionFilter");
  Tool({"compact", "--db", db_, "--all"});
  App(app, db_, [](rocksdb::DB* db, Store*) {
    std::string value = "x";
    EXPECT_EQ(db->Get({}, "empty", &value).ToString(), "OK");
    EXPECT_EQ(value, "");
  });
}

// Many applications have one, and the tool needs none.
TEST_F(OpenPolicyTest, CompactionFilterOfTheApplicationIsNotNeededAndStaysInOptions) {
  AppAppends(AppOptions(), db_, "k", "a", /*flush=*/true);
  AppAppends(AppOptions(), db_, "k", "b");
  PutOption(db_, "CFOptions \"default\"", "compaction_filter_factory=my.FilterFactory");
  PutOption(db_, "CFOptions \"default\"", "compaction_filter={id=my.Filter;n=1;}");
  const std::string said = ReadFile(LatestOptionsFile(db_));
  for (const auto& command : ReadingCommands(db_)) Tool(command);
  for (const auto& command : WritingCommands(db_)) {
    Tool(command, "k\tv\n");
    EXPECT_EQ(ReadFile(LatestOptionsFile(db_)), said) << command[0];
  }
  // Also where the tool has to write OPTIONS itself.
  PutOption(db_, "CFOptions \"default\"", "merge_operator=nullptr");
  Tool({"repair", "--db", db_});
  const std::string written = ReadFile(LatestOptionsFile(db_));
  EXPECT_TRUE(Has(written, "  compaction_filter_factory=my.FilterFactory\n"));
  EXPECT_TRUE(Has(written, "  compaction_filter={id=my.Filter;n=1;}\n"));
  EXPECT_TRUE(Has(written, "  merge_operator={id=sheaf.append;"));
}

TEST_F(OpenPolicyTest, PreparedTransactionsSurviveWritingCommands) {
  rocksdb::Options app = AppOptions();
  const auto with_transactions = [&](const std::function<void(rocksdb::TransactionDB*)>& use) {
    rocksdb::TransactionDB* opened = nullptr;
    ASSERT_EQ(rocksdb::TransactionDB::Open(app, {}, db_, &opened).ToString(), "OK");
    const std::unique_ptr<rocksdb::TransactionDB> db(opened);
    use(db.get());
  };
  const std::string blob = Encode({"prepared"}).value();
  with_transactions([&](rocksdb::TransactionDB* db) {
    ASSERT_TRUE(db->Merge({}, "k", Encode({"plain"}).value()).ok());
    const std::unique_ptr<rocksdb::Transaction> made(db->BeginTransaction({}));
    ASSERT_TRUE(made->SetName("t").ok());
    ASSERT_TRUE(made->Merge("k", blob).ok());
    ASSERT_TRUE(made->Prepare().ok());
  });
  List model = {"plain"};
  for (int i = 0; i < 12; ++i) {
    Tool({"append", "--db", db_, "k", "v"});
    model.push_back("v");
  }
  Tool({"compact", "--db", db_, "--all"});
  EXPECT_EQ(ToolReads(db_)["k"], model);
  with_transactions([&](rocksdb::TransactionDB* db) {
    rocksdb::Transaction* const found = db->GetTransactionByName("t");
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->Commit().ToString(), "OK");
    delete found;
  });
  model.push_back("prepared");
  EXPECT_EQ(ToolReads(db_)["k"], model);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
