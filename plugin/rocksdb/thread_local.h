// SHEAF_THREAD_LOCAL: a variable of each thread that is there without a call, in a shared library
// as in a program, and may be used while other thread-locals of the thread are destroyed.
//
// Not thread_local, whose every use from another file asks whether it is initialized: of types with
// a constant initializer and no destructor alone. Initial-exec: a shared library's variables lie
// where the loader put them when the thread began; by default each use calls the loader, which took
// 4 % of a read. What that needs of a library that is loaded late is a few words of the space that
// glibc keeps for it.

#ifndef SHEAF_PLUGIN_ROCKSDB_THREAD_LOCAL_H_
#define SHEAF_PLUGIN_ROCKSDB_THREAD_LOCAL_H_

#define SHEAF_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) __thread

#endif  // SHEAF_PLUGIN_ROCKSDB_THREAD_LOCAL_H_
