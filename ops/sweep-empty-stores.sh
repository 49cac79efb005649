#!/bin/sh
# Removes what emptied stores leave behind: every refused create and every expired task leaves a file without a row; and
# what a power failure has cut off in the middle of a copy. Only while workerd is not running: the unit calls it before each
# start.
#
# A store is one SQLite file. It is empty, and has no alarm, if it is a single page long, because each table has pages of
# its own and an alarm is a row of a table; if nothing waits beside it in a write-ahead log or a journal; and if no
# statement that makes a table stands in it, whatever the size of a page. `metadata.sqlite` belongs to all stores of a kind.
# A kept file is a folder in `files`. Its `kept.json`, which is written last, names the body; without it there is no file.
set -eu
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "Usage: $0 STORE" >&2
  exit 1
fi
cd -- "$1"

swept=$(mktemp)
trap 'rm -f -- "$swept"' EXIT

# The names are ours, without blanks: a kind of objects, a slash, and digits.
find . -path ./files -prune -o -type f -name '*.sqlite' ! -name metadata.sqlite -size -4097c -exec sh -c '
  for store do
    if [ ! -s "$store-wal" ] && [ ! -s "$store-journal" ]; then echo "$store"; fi
  done
' sh {} + | xargs -r grep -L CREATE -- >"$swept" || true

sed 's/.*/&\n&-wal\n&-shm\n&-journal/' "$swept" | xargs -r rm -f --
echo "Removed $(wc -l <"$swept" | tr -d ' ') empty stores."

[ -d files ] || exit 0
find files -mindepth 1 -maxdepth 1 -type d -exec sh -c '
  for file do
    note=
    # Without a line end, `read` fails and has read all the same.
    if [ -e "$file/kept.json" ]; then read -r note <"$file/kept.json" || true; fi
    body=${note##*\"body\":\"}
    body=${body%%\"*}
    if [ -z "$body" ] || [ ! -e "$file/$body" ]; then
      echo "$file"
      continue
    fi
    # Beside a whole file, another try may have left a piece of its own.
    for piece in "$file"/* "$file"/.[!.]*; do
      case ${piece##*/} in
        kept.json | "$body" | ".[!.]*") ;;
        *) echo "$piece" ;;
      esac
    done
  done
' sh {} + >"$swept"
xargs -r rm -rf -- <"$swept"
echo "Removed $(wc -l <"$swept" | tr -d ' ') files without an end."
