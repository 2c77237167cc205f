# Filters of this skill that are written in jq.

# A component has 32-bit machine integers, and the size of the least of them is not one of them.
def _length: length;
def length: if . == -2147483648 then 2147483648 else _length end;

# Rows of a table, as jq 1.7 writes them.
def _cell(f):
  if isstring then f
  elif . == null then ""
  elif isarray or isobject then error("\(type) is not valid in a row of a table")
  else tojson end;
def _replace($from; $to): split($from) | join($to);
def @csv: map(_cell("\"\(_replace("\""; "\"\""))\"")) | join(",");
def @tsv:
  map(_cell(_replace("\\"; "\\\\") | _replace("\t"; "\\t") | _replace("\n"; "\\n") | _replace("\r"; "\\r")))
  | join("\t");
