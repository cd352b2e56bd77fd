// Registers Sheaf in an application that takes its options from a string, as from a configuration
// file: no header of Sheaf's but the plugin's is needed to open the DB.
//
//   register_by_name NEW_DB

#include <cstdio>
#include <memory>
#include <string>

#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: register_by_name NEW_DB\n");
    return 2;
  }
  const std::string configured =
      "create_if_missing=true;error_if_exists=true;"
      "merge_operator={id=sheaf.append;layout=compact};"
      "table_properties_collectors={id=sheaf.stats;layout=compact}";

  sheaf::RegisterPlugin();
  rocksdb::ConfigOptions config;
  config.ignore_unknown_options = false;
  config.ignore_unsupported_options = false;  // or a name that is not registered is left out
  rocksdb::Options options;
  rocksdb::Status s =
      rocksdb::GetOptionsFromString(config, rocksdb::Options(), configured, &options);
  std::unique_ptr<rocksdb::DB> db;
  if (s.ok()) s = sheaf::OpenDB(options, argv[1], &db);

  std::unique_ptr<sheaf::Store> store;
  if (s.ok()) s = sheaf::Store::Open(db.get(), nullptr, {}, &store);
  if (s.ok()) s = store->Append({}, "planets", {"Venus", "Earth"});
  if (s.ok()) s = store->Append({}, "planets", {"Mars"});
  sheaf::PinnedBlob planets;
  if (s.ok()) s = store->Get({}, "planets", &planets);
  if (!s.ok()) {
    std::fprintf(stderr, "register_by_name: %s\n", s.ToString().c_str());
    return 1;
  }
  std::printf("%s with %s\n", options.merge_operator->Name(),
              options.table_properties_collector_factories[0]->Name());
  for (const std::string_view planet : planets) {
    std::printf("%.*s\n", static_cast<int>(planet.size()), planet.data());
  }
  return 0;
}
