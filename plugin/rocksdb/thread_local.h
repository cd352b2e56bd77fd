// SHEAF_THREAD_LOCAL: a thread-local variable that is read without a call, in a shared library as
// in a program. It may be used while other thread-locals of the thread are destroyed.
//
// Only for types with a constant initializer and no destructor. It is `__thread`, because each use
// of a `thread_local` from another file first asks whether the variable is initialized. The TLS
// model is initial-exec, because in a shared library each use would otherwise call the loader,
// which took 4 % of a read. If such a library is loaded late, its variables take a few words of the
// space that glibc reserves for this.

#ifndef SHEAF_PLUGIN_ROCKSDB_THREAD_LOCAL_H_
#define SHEAF_PLUGIN_ROCKSDB_THREAD_LOCAL_H_

#define SHEAF_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) __thread

#endif  // SHEAF_PLUGIN_ROCKSDB_THREAD_LOCAL_H_
