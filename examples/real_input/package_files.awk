# Rows of tsv from dpkg's file lists: package TAB path, as `sheaf load` takes them.
#   awk -f examples/real_input/package_files.awk /var/lib/dpkg/info/*.list
# The package is the file's name, with the architecture where a package can be there for several:
# libc6:amd64. Any byte but LF may be in a path; only backslash and TAB have a meaning in tsv.
FILENAME != file {
  file = FILENAME
  package = file
  sub(/.*\//, "", package)
  sub(/\.list$/, "", package)
}
{
  gsub(/\\/, "&&")
  gsub(/\t/, "\\t")
  print package "\t" $0
}
