#!/usr/bin/env bash
# make_model.sh MIRROR WORK CONFIG: from Debian's package catalogue to a measured checkpoint in WORK/model. Run it again after an
# interruption: the training continues from its last checkpoint. PYTHON names the interpreter (default python3); INITIAL an
# exported checkpoint to begin with, in place of noise.
set -euo pipefail
mirror=$1 work=$2 config=$3
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
[ -d "$work/apt/state" ] || "$here/fetch_catalogue.sh" "$mirror" "$work/apt"
[ -e "$work/data/test.jsonl" ] || "$python" "$here/prepare.py" --lists "$work/apt/state/lists" --out "$work/data"
"$python" "$here/train.py" --data "$work/data" --run "$work/run" --config "$config" ${INITIAL:+--initial "$INITIAL"}
"$python" "$here/export.py" --data "$work/data" --run "$work/run" --out "$work/model"
"$python" "$here/evaluate_reference.py" --model "$work/model" --documents "$work/data/test.jsonl" \
  --calibration "$work/data/validation.jsonl" --labels "$work/data/labels.json" --out "$work/figures.json"
"$python" "$here/baseline.py" --lists "$work/apt/state/lists" --documents "$work/data/test.jsonl"
