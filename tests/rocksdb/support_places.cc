#include "tests/rocksdb/support_places.h"

#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/memtablerep.h"
#include "rocksdb/persistent_cache.h"
#include "rocksdb/slice_transform.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using Options = rocksdb::Options;
using Table = rocksdb::BlockBasedTableOptions;

constexpr size_t kCacheBytes = 4 << 20;

std::shared_ptr<rocksdb::Cache> Lru(size_t bytes = kCacheBytes) {
  return rocksdb::NewLRUCache(bytes, /*num_shard_bits=*/0);
}

void Prefixes(Options* options) {
  options->prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
}

// Everything but the skip list is written to by one thread at a time.
void Memtable(Options* options, rocksdb::MemTableRepFactory* factory) {
  options->memtable_factory.reset(factory);
  options->allow_concurrent_memtable_write = false;
}

void BlobFiles(Options* options) {
  options->enable_blob_files = true;
  options->min_blob_size = 0;
  options->enable_blob_garbage_collection = true;
  options->blob_garbage_collection_age_cutoff = 1.0;
  options->blob_garbage_collection_force_threshold = 0.1;
}

}  // namespace

const std::vector<Place>& Places() {
  static const auto* const places = new std::vector<Place>{
      {"memtable: skip list", [](Options*, Table*) {}},
      {"memtable: hash skip list",
       [](Options* options, Table*) {
         Prefixes(options);
         Memtable(options, rocksdb::NewHashSkipListRepFactory(/*bucket_count=*/16));
       }},
      {"memtable: hash linked list",
       [](Options* options, Table*) {
         Prefixes(options);
         Memtable(options, rocksdb::NewHashLinkListRepFactory(/*bucket_count=*/16));
       }},
      {"memtable: vector",
       [](Options* options, Table*) { Memtable(options, new rocksdb::VectorRepFactory()); }},
      {"memtable: `max_successive_merges`",
       [](Options* options, Table*) { options->max_successive_merges = 2; }},
      {"memtable: `inplace_update_support`",
       [](Options* options, Table*) {
         options->inplace_update_support = true;
         options->allow_concurrent_memtable_write = false;
       }},
      {"block-based: binary search index",
       [](Options*, Table* table) { table->index_type = Table::kBinarySearch; }},
      {"block-based: hash index",
       [](Options* options, Table* table) {
         Prefixes(options);
         table->index_type = Table::kHashSearch;
       }},
      {"block-based: partitioned index and filters",
       [](Options*, Table* table) {
         table->index_type = Table::kTwoLevelIndexSearch;
         table->partition_filters = true;
         table->metadata_block_size = 64;
         table->filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
         table->cache_index_and_filter_blocks = true;
       }},
      {"block-based: index with first keys",
       [](Options*, Table* table) { table->index_type = Table::kBinarySearchWithFirstKey; }},
      {"block-based: hash index in data blocks",
       [](Options*, Table* table) {
         table->data_block_index_type = Table::kDataBlockBinaryAndHash;
       }},
      {"block-based: Bloom filter",
       [](Options* options, Table* table) {
         Prefixes(options);
         options->memtable_prefix_bloom_size_ratio = 0.1;
         options->memtable_whole_key_filtering = true;
         table->filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
       }},
      {"block-based: Ribbon filter",
       [](Options*, Table* table) {
         table->filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10));
       }},
      {"block-based: compressed, small blocks",
       [](Options* options, Table* table) {
         options->compression = rocksdb::kLZ4Compression;
         table->block_size = 128;
       }},
      {"plain table",
       [](Options* options, Table*) {
         rocksdb::PlainTableOptions plain;
         plain.hash_table_ratio = 0;
         plain.bloom_bits_per_key = 0;
         options->table_factory.reset(rocksdb::NewPlainTableFactory(plain));
         options->allow_mmap_reads = true;
       }},
      {"plain table with a prefix extractor",
       [](Options* options, Table*) {
         Prefixes(options);
         options->table_factory.reset(rocksdb::NewPlainTableFactory());
         options->allow_mmap_reads = true;
       }},
      {"cuckoo table",
       [](Options* options, Table*) {
         options->table_factory.reset(rocksdb::NewCuckooTableFactory());
         options->allow_mmap_reads = true;
       }},
      {"adaptive table",
       [](Options* options, Table*) {
         options->table_factory.reset(rocksdb::NewAdaptiveTableFactory());
       }},
      {"blob files", [](Options* options, Table*) { BlobFiles(options); }},
      {"blob files and a blob cache",
       [](Options* options, Table*) {
         BlobFiles(options);
         options->blob_cache = Lru();
       }},
      {"blob files and a charged blob cache",
       [](Options* options, Table* table) {
         BlobFiles(options);
         options->blob_cache = Lru();
         table->cache_usage_options.options_overrides[rocksdb::CacheEntryRole::kBlobCache] = {
             rocksdb::CacheEntryRoleOptions::Decision::kEnabled};
       }},
      {"block cache: LRU", [](Options*, Table* table) { table->block_cache = Lru(); }},
      {"block cache: HyperClock",
       [](Options*, Table* table) {
         table->block_cache = rocksdb::HyperClockCacheOptions(kCacheBytes, 8192).MakeSharedCache();
       }},
      {"block cache: too small for a block",
       [](Options*, Table* table) { table->block_cache = Lru(512); }},
      {"block cache: none", [](Options*, Table* table) { table->no_block_cache = true; }},
      {"block cache: LRU over a compressed one",
       [](Options*, Table* table) {
         rocksdb::LRUCacheOptions lru(8 << 10, 0, false, 0.5);
         rocksdb::CompressedSecondaryCacheOptions secondary(kCacheBytes, 0, false, 0.5);
         lru.secondary_cache = rocksdb::NewCompressedSecondaryCache(secondary);
         table->block_cache = rocksdb::NewLRUCache(lru);
       }},
      {"block cache: `block_cache_compressed`",
       [](Options* options, Table* table) {
         options->compression = rocksdb::kLZ4Compression;
         table->block_cache = Lru(8 << 10);
         table->block_cache_compressed = Lru();
       }},
      {"row cache", [](Options* options, Table*) { options->row_cache = Lru(); }},
      {"row cache and blob files",
       [](Options* options, Table*) {
         options->row_cache = Lru();
         BlobFiles(options);
       }},
      {"mmap reads", [](Options* options, Table*) { options->allow_mmap_reads = true; }},
      {"mmap reads, no block cache",
       [](Options* options, Table* table) {
         options->allow_mmap_reads = true;
         table->no_block_cache = true;
       }},
      {"direct reads", [](Options* options, Table*) { options->use_direct_reads = true; }},
      {"universal compaction",
       [](Options* options, Table*) {
         options->compaction_style = rocksdb::kCompactionStyleUniversal;
       }},
  };
  return *places;
}

rocksdb::Options OptionsOf(const Place& place) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.level0_file_num_compaction_trigger = 3;
  options.write_buffer_size = 64 << 10;
  options.max_background_jobs = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = Lru();
  place.configure(&options, &table);
  if (options.table_factory->Name() == std::string("BlockBasedTable")) {
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }
  return options;
}

}  // namespace testing
}  // namespace sheaf
