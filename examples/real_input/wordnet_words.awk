# Rows of jsonl from WordNet: each word with its synsets, the most frequent first.
#   cd /usr/share/wordnet && awk -f .../wordnet_words.awk data.* index.noun index.verb index.adj index.adv
# A value is the part of speech (n v a r), the offset of the synset in its data file, and its gloss. A
# word that is in several index files has a row of each. Data files come first. See wndb(5WN).
function json(text) {
  gsub(/\\/, "&&", text)
  gsub(/"/, "\\\\&", text)
  return text
}
/^ / { next }  # the licence
FILENAME ~ /data\.[a-z]*$/ {
  gloss = substr($0, index($0, " | ") + 3)
  sub(/ +$/, "", gloss)
  # Adjective satellites, s, are in index.adj with the other adjectives.
  glosses[($3 == "s" ? "a" : $3) " " $1] = gloss
  next
}
{
  values = ""
  for (i = NF - $3 + 1; i <= NF; ++i) {
    synset = $2 " " $i
    if (!(synset in glosses)) {
      print "wordnet_words.awk: " FILENAME ": " $1 ": synset " synset " is in no data file" > "/dev/stderr"
      exit 1
    }
    values = values (values == "" ? "" : ",") "\"" synset " " json(glosses[synset]) "\""
  }
  print "{\"key\":\"" json($1) "\",\"values\":[" values "]}"
}
