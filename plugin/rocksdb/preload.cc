// libsheaf_plugin.so registers itself when it is loaded, so that programs that know nothing of
// Sheaf find it in RocksDB's registry: LD_PRELOAD=/path/to/libsheaf_plugin.so ldb ...

#include "sheaf/plugin.h"

namespace {

[[gnu::constructor]] void RegisterWhenLoaded() { sheaf::RegisterPlugin(); }

}  // namespace
