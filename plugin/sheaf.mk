# Sheaf inside RocksDB's own build: link this folder (a copy will not do, as it reaches for the headers
# beside it) as plugin/sheaf of RocksDB's source tree, and then
#   make ROCKSDB_PLUGINS=sheaf ldb
# RocksDB's CMake build reads this file too, by regular expressions: each list is one line.

# Every source but preload.cc, which registers when libsheaf_plugin.so is loaded: here RocksDB does.
sheaf_SOURCES = codec/blob_builder.cc codec/blob_parser.cc codec/blob_view.cc codec/edit_folder.cc codec/editable_list.cc codec/encoder.cc codec/find_word.cc codec/indexed_list.cc codec/operand.cc codec/pinned_blob.cc codec/pinned_slice.cc codec/segments.cc codec/size_sums.cc codec/stored_key.cc rocksdb/append_operator.cc rocksdb/block_memory.cc rocksdb/bundle.cc rocksdb/cursor.cc rocksdb/fork_count.cc rocksdb/get_by_iterator.cc rocksdb/get_segments.cc rocksdb/histogram.cc rocksdb/instance.cc rocksdb/ledger.cc rocksdb/list_lock.cc rocksdb/long_core.cc rocksdb/long_cursors.cc rocksdb/long_reads.cc rocksdb/long_seal.cc rocksdb/long_store.cc rocksdb/merge_edits.cc rocksdb/open_db.cc rocksdb/open_pages.cc rocksdb/option_types.cc rocksdb/page_index.cc rocksdb/page_partitioner.cc rocksdb/pin_policy.cc rocksdb/pinnable.cc rocksdb/plugin.cc rocksdb/range_deletion_guard.cc rocksdb/read_context.cc rocksdb/scan_iterator.cc rocksdb/single_appends.cc rocksdb/stats_collector.cc rocksdb/store.cc rocksdb/store_core.cc rocksdb/store_reads.cc rocksdb/store_stats.cc rocksdb/store_writes.cc rocksdb/thread_slot.cc

sheaf_FUNC = sheaf_register

# Through the link: the folder above this one, and the public headers in it.
sheaf_CXXFLAGS = -Iplugin/sheaf/.. -Iplugin/sheaf/../include

sheaf_PKGCONFIG_REQUIRES = absl_cleanup absl_cord absl_fixed_array absl_flat_hash_map absl_hash absl_span absl_status absl_statusor absl_strings
