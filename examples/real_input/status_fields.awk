# Rows of tsv from dpkg's status: field TAB package SPACE content, one for each field of each package.
#   awk -f examples/real_input/status_fields.awk /var/lib/dpkg/status
# The lines of a field that goes on, as Description does, are one value: they are joined with \n, the
# escape of LF, and keep the space that they begin with.
function finish() {
  if (field != "") print field "\t" package " " content
  field = ""
}
{
  gsub(/\\/, "&&")
  gsub(/\t/, "\\t")
}
/^( |\\t)/ {
  content = content "\\n" $0
  next
}
{ finish() }
/^$/ { next }
{
  colon = index($0, ":")
  field = substr($0, 1, colon - 1)
  content = substr($0, colon + 1)
  sub(/^ /, "", content)
  if (field == "Package") package = content
}
END { finish() }
