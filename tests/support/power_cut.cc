#include "tests/support/power_cut.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSector = 512;

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "PowerCut: %s\n", why.c_str());
  std::abort();
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string RecorderPath() {
  const char* const root = std::getenv("TEST_SRCDIR");
  const char* const workspace = std::getenv("TEST_WORKSPACE");
  const std::string path = "tests/support/libdisk_recorder.so";
  return root == nullptr || workspace == nullptr ? fs::absolute("bazel-bin/" + path).string()
                                                 : std::string(root) + "/" + workspace + "/" + path;
}

}  // namespace

DiskRecording::DiskRecording(const std::string& root, const std::string& log) {
  setenv(kDiskRootVariable, root.c_str(), 1);
  setenv(kDiskLogVariable, log.c_str(), 1);
  setenv("LD_PRELOAD", RecorderPath().c_str(), 1);
}

DiskRecording::~DiskRecording() {
  for (const char* const name : {kDiskRootVariable, kDiskLogVariable, "LD_PRELOAD"}) unsetenv(name);
}

std::vector<DiskEvent> ReadDiskLog(const std::string& log) {
  const std::string bytes = ReadAll(log);
  std::vector<DiskEvent> events;
  DiskEventHeader header;
  for (size_t at = 0; bytes.size() - at >= sizeof header;) {
    std::memcpy(&header, bytes.data() + at, sizeof header);
    at += sizeof header;
    if (bytes.size() - at < header.text + header.data) break;
    events.push_back({header.kind, header.a, header.b, header.c, bytes.substr(at, header.text),
                      bytes.substr(at + header.text, header.data)});
    at += header.text + header.data;
  }
  return events;
}

Cut Cut::Random(std::mt19937* random) {
  constexpr Data kData[] = {Data::kLost, Data::kLost, Data::kThere, Data::kTorn, Data::kSectors};
  constexpr Names kNames[] = {Names::kLost, Names::kThere, Names::kSome, Names::kSome};
  const Data data = kData[(*random)() % std::size(kData)];
  return {data, kNames[(*random)() % std::size(kNames)], static_cast<uint32_t>((*random)())};
}

std::string Cut::ToString() const {
  const char* const kData[] = {"lost",
                               "there",
                               "torn",
                               "in some sectors",
                               "lost where a sync was",
                               "there but for the last write where a sync was lost"};
  const char* const kNames[] = {"lost", "there", "there in part", "lost where a sync was"};
  return std::string("data that was not synced is ") + kData[static_cast<int>(data)] +
         ", names are " + kNames[static_cast<int>(names)] + ", seed " + std::to_string(seed);
}

struct PowerCut::Node {
  struct Write {
    bool truncates;
    uint64_t offset;  // or the size
    std::string data;
  };

  bool is_folder = false;
  bool lost_a_sync = false;  // the last one
  mode_t mode = 0;
  // Of a file.
  std::string synced;
  std::vector<Write> writes;  // that were not
  // Of a folder.
  Entries names;
  Entries synced_names;
  // Where it was seen last.
  std::weak_ptr<Node> parent;
  std::string name;

  static void Do(const Write& write, size_t bytes, std::string* content) {
    if (write.truncates) {
      content->resize(write.offset);
    } else if (bytes != 0) {
      if (content->size() < write.offset + bytes) content->resize(write.offset + bytes);
      content->replace(write.offset, bytes, write.data, 0, bytes);
    }
  }
  static void Do(const Write& write, std::string* content) {
    Do(write, write.data.size(), content);
  }

  std::string Now() const {
    std::string content = synced;
    for (const Write& write : writes) Do(write, &content);
    return content;
  }

  std::string After(Cut::Data cut, std::mt19937* random) const {
    if (writes.empty() || cut == Cut::Data::kLost) return synced;
    const bool of_lost_syncs =
        cut == Cut::Data::kLostOfLostSyncs || cut == Cut::Data::kLastOfLostSyncs;
    if (cut == Cut::Data::kThere || (of_lost_syncs && !lost_a_sync)) return Now();
    std::string content = synced;
    if (of_lost_syncs) {
      const size_t whole = cut == Cut::Data::kLastOfLostSyncs ? writes.size() - 1 : 0;
      for (size_t i = 0; i < whole; ++i) Do(writes[i], &content);
      return content;
    }
    if (cut == Cut::Data::kTorn) {
      const size_t whole = (*random)() % (writes.size() + 1);
      for (size_t i = 0; i < whole; ++i) Do(writes[i], &content);
      if (whole < writes.size() && !writes[whole].truncates) {
        const uint64_t end = writes[whole].offset + (*random)() % writes[whole].data.size();
        const uint64_t sector = end / kSector * kSector;
        if (sector > writes[whole].offset) {
          Do(writes[whole], sector - writes[whole].offset, &content);
        }
      }
      return content;
    }
    const std::string now = Now();
    if ((*random)() % 2 == 0) content.resize(now.size());
    for (size_t at = 0; at < std::min(content.size(), now.size()); at += kSector) {
      if ((*random)() % 2 == 0) continue;
      const size_t bytes = std::min({kSector, content.size() - at, now.size() - at});
      content.replace(at, bytes, now, at, bytes);
    }
    return content;
  }

  std::string Path() const {
    const NodePtr above = parent.lock();
    if (above == nullptr) return "";
    const std::string folder = above->Path();
    return folder.empty() ? name : folder + "/" + name;
  }
};

PowerCut::PowerCut(const std::string& root, Loses loses)
    : loses_(std::move(loses)), root_(Read(root)) {}

PowerCut::~PowerCut() = default;

PowerCut::NodePtr PowerCut::Read(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) Give("cannot look at " + path);
  NodePtr& node = nodes_[info.st_ino];
  if (node != nullptr) return node;
  node = std::make_shared<Node>();
  node->mode = info.st_mode & 07777;
  node->is_folder = S_ISDIR(info.st_mode);
  const NodePtr made = node;
  if (!made->is_folder) {
    made->synced = ReadAll(path);
    return made;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    const NodePtr inner = Read(entry.path().string());
    inner->parent = made;
    inner->name = name;
    made->names[name] = inner;
  }
  made->synced_names = made->names;
  return made;
}

PowerCut::NodePtr PowerCut::Find(uint64_t inode) const {
  const auto found = nodes_.find(inode);
  return found == nodes_.end() ? nullptr : found->second;
}

void PowerCut::Change(Facts facts) {
  for (const Fact& fact : facts) {
    if (fact.node == nullptr) {
      fact.folder->names.erase(fact.name);
      continue;
    }
    fact.folder->names[fact.name] = fact.node;
    fact.node->parent = fact.folder;
    fact.node->name = fact.name;
  }
  pending_.push_back(std::move(facts));
}

// Of a rename that leads to or from another folder the other half is there too; of other names
// there nothing is said.
void PowerCut::SyncFolder(const NodePtr& folder) {
  std::vector<Facts> left;
  for (Facts& facts : pending_) {
    if (std::none_of(facts.begin(), facts.end(),
                     [&](const Fact& fact) { return fact.folder == folder; })) {
      left.push_back(std::move(facts));
      continue;
    }
    for (const Fact& fact : facts) {
      if (fact.folder == folder) continue;
      if (fact.node == nullptr) {
        fact.folder->synced_names.erase(fact.name);
      } else {
        fact.folder->synced_names[fact.name] = fact.node;
      }
      // What became of the name before is no more.
      for (Facts& earlier : left) {
        earlier.erase(std::remove_if(earlier.begin(), earlier.end(),
                                     [&](const Fact& old) {
                                       return old.folder == fact.folder && old.name == fact.name;
                                     }),
                      earlier.end());
      }
    }
  }
  pending_ = std::move(left);
  folder->synced_names = folder->names;
}

void PowerCut::Apply(const DiskEvent& event) {
  using Kind = DiskEvent::Kind;
  const NodePtr a = Find(event.a);  // null outside of the root
  switch (event.kind) {
    case Kind::kCreate: {
      if (a == nullptr) return;
      auto made = std::make_shared<Node>();
      made->is_folder = S_ISDIR(event.c);
      made->mode = static_cast<mode_t>(event.c) & 07777;
      nodes_[event.b] = made;
      return Change({{a, event.text, made}});
    }
    case Kind::kLink:
      if (a == nullptr) return;
      if (Find(event.b) == nullptr) Give("a link from outside: " + event.text);
      return Change({{a, event.text, Find(event.b)}});
    case Kind::kRename: {
      const NodePtr to = Find(event.b);
      if (a == nullptr && to == nullptr) return;
      if (a == nullptr || to == nullptr) Give("a rename from or to outside: " + event.text);
      const NodePtr moved = a->names[event.text];
      return Change({{a, event.text, nullptr}, {to, event.data, moved}});
    }
    case Kind::kRemove:
      if (a != nullptr) Change({{a, event.text, nullptr}});
      return;
    case Kind::kWrite:
      if (a != nullptr) a->writes.push_back({false, event.b, event.data});
      return;
    case Kind::kTruncate:
      if (a != nullptr) a->writes.push_back({true, event.b, ""});
      return;
    case Kind::kSync:
      if (a == nullptr) return;
      a->lost_a_sync = loses_ != nullptr && loses_(a->Path());
      if (a->lost_a_sync) return;
      if (a->is_folder) return SyncFolder(a);
      for (const Node::Write& write : a->writes) Node::Do(write, &a->synced);
      a->writes.clear();
      return;
    case Kind::kOutput:
      return;
    case Kind::kUnsupported:
      Give("cannot follow this call: " + event.text);
  }
}

bool PowerCut::LacksSync() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const auto& entry) { return entry.second->lost_a_sync; });
}

std::map<std::string, std::string> PowerCut::Now() const {
  std::map<std::string, std::string> files;
  const std::function<void(const Node&, const std::string&)> add = [&](const Node& folder,
                                                                       const std::string& prefix) {
    for (const auto& [name, node] : folder.names) {
      if (node->is_folder) {
        files[prefix + name + "/"];
        add(*node, prefix + name + "/");
      } else {
        files[prefix + name] = node->Now();
      }
    }
  };
  add(*root_, "");
  return files;
}

std::map<const PowerCut::Node*, PowerCut::Entries> PowerCut::NamesAfter(
    const Cut& cut, std::mt19937* random) const {
  std::map<const Node*, Entries> names;
  const auto of = [&](const NodePtr& folder) -> Entries& {
    return names.try_emplace(folder.get(), folder->synced_names).first->second;
  };
  if (cut.names == Cut::Names::kLost) return names;
  // How many of its changes each folder has.
  std::map<const Node*, size_t> left;
  for (const Facts& facts : pending_) {
    for (const Fact& fact : facts) ++left[fact.folder.get()];
  }
  for (auto& [folder, count] : left) {
    if (cut.names == Cut::Names::kSome) count = (*random)() % (count + 1);
    if (cut.names == Cut::Names::kLostOfLostSyncs && folder->lost_a_sync) count = 0;
  }
  for (const Facts& facts : pending_) {
    bool there = false;
    bool lost = false;
    for (const Fact& fact : facts) {
      size_t& count = left[fact.folder.get()];
      there |= count != 0;
      lost |= count == 0;
      count -= count != 0 ? 1 : 0;
    }
    if (cut.names == Cut::Names::kLostOfLostSyncs && lost) {
      // What came later in the other folder is not there either.
      for (const Fact& fact : facts) left[fact.folder.get()] = 0;
      continue;
    }
    if (!there) continue;
    for (const Fact& fact : facts) {
      if (fact.node == nullptr) {
        of(fact.folder).erase(fact.name);
      } else {
        of(fact.folder)[fact.name] = fact.node;
      }
    }
  }
  return names;
}

void PowerCut::WriteTo(const std::string& folder, const Cut& cut) const {
  std::mt19937 random(cut.seed);
  const std::map<const Node*, Entries> names = NamesAfter(cut, &random);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    fs::remove_all(entry.path());
  }
  std::map<const Node*, std::string> written;  // a file may have several names
  const std::function<void(const Node&, const std::string&)> write = [&](const Node& node,
                                                                         const std::string& path) {
    if (node.is_folder) {
      fs::create_directory(path);
      const auto found = names.find(&node);
      for (const auto& [name, inner] : found == names.end() ? node.synced_names : found->second) {
        write(*inner, path + "/" + name);
      }
    } else if (std::string& other = written[&node]; !other.empty()) {
      fs::create_hard_link(other, path);
    } else {
      other = path;
      std::ofstream(path, std::ios::binary) << node.After(cut.data, &random);
    }
    chmod(path.c_str(), node.mode);
  };
  write(*root_, folder);
}

}  // namespace testing
}  // namespace sheaf
