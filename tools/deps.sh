# Sourced by the scripts beside it: sees to it that Debian's packages are there.
#
#   . tools/deps.sh
#   require_packages $BUILD_PACKAGES

# What the plots of tools/bench/report take.
REPORT_PACKAGES="python3-matplotlib"

# What building the library and the tool takes, and what tests and benchmarks take beyond that.
BUILD_PACKAGES="g++ bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto bazel-skylib
  libabsl-dev libcli11-dev liblz4-dev librocksdb-dev libsimdjson-dev libxxhash-dev libzstd-dev zlib1g-dev"
TEST_PACKAGES="bzip2 cmake gzip libbenchmark-dev libgmock-dev libgtest-dev lz4 make pkg-config python3-minimal
  rocksdb-tools xz-utils zstd"
# Peers, which the benchmarks compare with.
TEST_PACKAGES="$TEST_PACKAGES flatbuffers-compiler libflatbuffers-dev liblmdb-dev libprotobuf-dev
  protobuf-compiler"

# What tools/docs.sh takes.
DOC_PACKAGES="doxygen python3-minimal"

# Sanitizers and fuzzing are clang's, and what tools/check.sh runs beyond the tests.
CLANG_PACKAGES="clang lld llvm"
CHECK_PACKAGES="$CLANG_PACKAGES $DOC_PACKAGES clang-format clang-tidy valgrind"

# The dictionary that examples/real_input.sh and docs/guide.md load.
TEST_PACKAGES="$TEST_PACKAGES wordnet-base"

# Installs those of its arguments that are missing, and says which. Without root it says what to
# ask for, and ends the script.
require_packages() {
  local package missing=""
  for package in "$@"; do
    case "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" in
      installed) ;;
      *) missing="$missing $package" ;;
    esac
  done
  if [ -z "$missing" ]; then
    echo "packages: all $# that are needed are installed" >&2
    return
  fi
  if ! command -v apt-get >/dev/null; then
    echo "error: this machine has no apt-get; Sheaf's scripts are for Debian 12. Needed:$missing" >&2
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "error: packages are missing, and only root can install them. Ask for:" >&2
    echo "  sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  echo "packages: installing$missing" >&2
  # The list of packages may be missing or old on a new machine.
  if ! { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing ||
    { apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing; }; } \
    >"${TMPDIR:-/tmp}/sheaf-apt.$$.log" 2>&1; then
    tail -n 20 "${TMPDIR:-/tmp}/sheaf-apt.$$.log" >&2
    rm -f "${TMPDIR:-/tmp}/sheaf-apt.$$.log"
    echo "error: apt-get could not install:$missing" >&2
    exit 1
  fi
  rm -f "${TMPDIR:-/tmp}/sheaf-apt.$$.log"
}
