# Prints a source file of the examples in the comments of headers, each in a function of its own, with
# the lines' places in the headers: awk -f header_examples.awk include/sheaf/*.h
#
# An example is a run of comment lines that are indented by three spaces, whose first line is neither
# indented by more, as diagrams and tables are, nor the item of a list, which begins with "-".

function end_example() {
  if (state == "example") print "  return {};\n}"
  state = ""
}

BEGIN { print "#include \"tests/docs/header_examples.h\"" }
FNR == 1 { end_example() }
!match($0, /^ *\/\/   /) { end_example(); next }
{
  code = substr($0, RLENGTH + 1)
  if (state == "" && code ~ /^[- ]/) state = "other"
  if (state == "other") next
  if (state == "") {
    state = "example"
    print "Any Example" ++examples "() {"
    printf "#line %d \"%s\"\n", FNR, FILENAME
  }
  print code
}
END { end_example() }
