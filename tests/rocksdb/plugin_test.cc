#include "sheaf/plugin.h"

#include <map>
#include <string>

#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/long_store.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

rocksdb::Options WithPlugin(Layout layout) {
  rocksdb::Options options = TestDb::DefaultOptions(layout);
  options.table_properties_collector_factories.push_back(NewStatsCollectorFactory(layout));
  return options;
}

// Sums of a property over all SSTs.
uint64_t Property(TestDb& db, const std::string& name) {
  rocksdb::TablePropertiesCollection tables;
  EXPECT_OK(db.db()->GetPropertiesOfAllTables(&tables));
  uint64_t sum = 0;
  for (const auto& [file, properties] : tables) {
    const auto found = properties->user_collected_properties.find(name);
    EXPECT_NE(found, properties->user_collected_properties.end()) << file << " lacks " << name;
    if (found != properties->user_collected_properties.end()) sum += std::stoull(found->second);
  }
  return sum;
}

// The property of a DB that has one SST.
std::string Text(TestDb& db, const std::string& name) {
  rocksdb::TablePropertiesCollection tables;
  EXPECT_OK(db.db()->GetPropertiesOfAllTables(&tables));
  EXPECT_EQ(tables.size(), 1u);
  if (tables.empty()) return "";
  const auto& properties = tables.begin()->second->user_collected_properties;
  const auto found = properties.find(name);
  return found == properties.end() ? "missing" : found->second;
}

class PluginTest : public ::testing::TestWithParam<Layout> {};

INSTANTIATE_TEST_SUITE_P(Layouts, PluginTest, ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(PluginTest, AnOptionsFileThatNamesThemOpens) {
  RegisterPlugin();
  TestDb db(WithPlugin(GetParam()), GetParam());
  db.Append("key", {"a"});
  db.Append("key", {"b"});
  const std::string path = db.path();
  db.Close();

  rocksdb::ConfigOptions config;
  config.ignore_unknown_options = false;
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  ASSERT_OK(rocksdb::LoadLatestOptions(config, path, &db_options, &families));
  ASSERT_EQ(families.size(), 1u);
  ASSERT_NE(families[0].options.merge_operator, nullptr);
  EXPECT_STREQ(families[0].options.merge_operator->Name(), kAppendOperatorName);
  ASSERT_EQ(families[0].options.table_properties_collector_factories.size(), 1u);
  EXPECT_STREQ(families[0].options.table_properties_collector_factories[0]->Name(),
               kStatsCollectorName);

  // The layout was kept: Store::Open checks it against the operator's.
  db.Open(rocksdb::Options(db_options, families[0].options));
  EXPECT_EQ(db.Get("key"), List({"a", "b"}));
  db.Compact();
  EXPECT_EQ(Property(db, kBlobsProperty), 1u);
  EXPECT_EQ(Property(db, kValuesProperty), 2u);
  EXPECT_EQ(Property(db, kUndecodableProperty), 0u);
}

TEST_P(PluginTest, StatisticsCountBlobsValuesAndBytes) {
  TestDb db(WithPlugin(GetParam()), GetParam());
  db.Put("a", {"1", "22", "333"});
  db.Put("b", {});
  db.Append("c", {"4444"});
  db.Append("trimmed", {"55555"});  // folds with the trim into one edit
  ASSERT_OK(db.store().Trim({}, "trimmed", 3));
  ASSERT_OK(db.store().Remove({}, "removed", "x"));
  ASSERT_OK(db.db()->Put({}, "d", "not a list"));
  ASSERT_OK(db.db()->Delete({}, "e"));
  db.Flush();
  EXPECT_EQ(Property(db, kBlobsProperty), 4u);
  EXPECT_EQ(Property(db, kValuesProperty), 5u);
  EXPECT_EQ(Property(db, kBytesProperty), 15u);
  EXPECT_EQ(Property(db, kEditsProperty), 2u);
  EXPECT_EQ(Property(db, kUndecodableProperty), 1u);
  EXPECT_EQ(Property(db, kReferencesProperty), 0u);
}

TEST_P(PluginTest, HistogramsAndKeysAreCountedByHand) {
  TestDb db(WithPlugin(GetParam()), GetParam());
  db.Put("a", {"1", "22", "333", "4444"});
  db.Put("b", {});
  db.Put("c", {std::string(1000, 'x')});
  ASSERT_OK(db.db()->Delete({}, "d"));
  const rocksdb::Snapshot* const snapshot = db.db()->GetSnapshot();  // keeps what is overwritten
  db.Put("c", {"", ""});
  db.Flush();
  db.db()->ReleaseSnapshot(snapshot);
  EXPECT_EQ(Text(db, kKeysProperty), "4");
  EXPECT_EQ(Text(db, kBlobsProperty), "4");
  EXPECT_EQ(Text(db, kValuesPerBlobProperty), "0-4 0:1 1:1 2:1 3:1");
  EXPECT_EQ(Text(db, kBytesPerValueProperty), "0-1000 0:2 1:1 2:2 3:1 10:1");
  // compact: B0 04 + 4 sizes + 10; B0 00; B1 01 + 2 + 1000; B0 02 00 00.
  // fixed64: 16 + 8 a value, and the contents.
  EXPECT_EQ(
      Text(db, kEncodedBytesProperty),
      std::to_string(GetParam() == Layout::kCompact ? 16 + 2 + 1004 + 4 : 58 + 16 + 1024 + 32));
}

TEST(StatsCollectorTest, WithoutListsHistogramsAreEmpty) {
  TestDb db(WithPlugin(Layout::kCompact));
  ASSERT_OK(db.db()->Put({}, "a", "not a list"));
  db.Flush();
  EXPECT_EQ(Text(db, kKeysProperty), "1");
  EXPECT_EQ(Text(db, kValuesPerBlobProperty), "");
  EXPECT_EQ(Text(db, kBytesPerValueProperty), "");
}

TEST(StatsCollectorTest, ListsInBlobFilesAreReferences) {
  rocksdb::Options options = WithPlugin(Layout::kCompact);
  options.enable_blob_files = true;
  TestDb db(options);
  db.Put("a", SomeValues(10));
  db.Flush();
  EXPECT_EQ(Property(db, kBlobsProperty), 0u);
  EXPECT_EQ(Property(db, kReferencesProperty), 1u);
  EXPECT_EQ(db.Get("a"), SomeValues(10));
}

TEST(RegistrarTest, ReportsWhatItRegistered) {
  rocksdb::ObjectLibrary library("test");
  const int registered = sheaf_register(library, "");
  size_t types = 0;
  EXPECT_EQ(static_cast<size_t>(registered), library.GetFactoryCount(&types));
  EXPECT_EQ(types, 3u);
}

TEST(RegistrarTest, APartitionerIsMadeFromAnOptionsString) {
  RegisterPlugin();
  std::shared_ptr<rocksdb::SstPartitionerFactory> factory;
  ASSERT_OK(rocksdb::SstPartitionerFactory::CreateFromString(rocksdb::ConfigOptions(),
                                                             "sheaf.pages", &factory));
  ASSERT_NE(factory, nullptr);
  EXPECT_STREQ(factory->Name(), kPagePartitionerName);
}

TEST(RegistrarTest, ACollectorIsMadeFromAnOptionsString) {
  RegisterPlugin();
  RegisterPlugin();  // once, however often
  std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> factory;
  ASSERT_OK(rocksdb::TablePropertiesCollectorFactory::CreateFromString(
      rocksdb::ConfigOptions(), "{id=sheaf.stats;layout=fixed64}", &factory));
  std::string layout;
  ASSERT_OK(factory->GetOption(rocksdb::ConfigOptions(), "layout", &layout));
  EXPECT_EQ(layout, "fixed64");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
