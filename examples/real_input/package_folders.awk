# Turns the rows of package_files.awk round: folder TAB package, once for each package that installed
# something in that folder.
#   awk -f examples/real_input/package_files.awk /var/lib/dpkg/info/*.list |
#     awk -f examples/real_input/package_folders.awk
BEGIN { FS = "\t" }
{
  folder = $2
  sub(/\/[^\/]*$/, "", folder)
  row = (folder == "" ? "/" : folder) FS $1
}
!seen[row]++ { print row }
