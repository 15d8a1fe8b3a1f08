#!/usr/bin/env bash
# Write both locks, envs/{cpu,gpu}.lock, and the conda files that carry them, from requirements.in; it
# says what its marks mean. Nothing that is locked gets installed. What is not asked for by name stays
# at its version as long as that fits; --upgrade, behind the interpreter, takes the newest. `make lock`.
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# uv, because pip cannot overrule what one package asks of another.
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'uv==0.13.9'

# resolved [OPTION...] <LINES: write the pins of all that these lines need, one a line.
resolved() {
    "$work/venv/bin/uv" pip compile --quiet --no-header --no-annotate --python-version 3.11 \
        --python-platform x86_64-manylinux_2_28 "$@" -
}

# marked WORD: write the lines that carry this mark, without it.
marked() {
    sed -nE "s/ +# $1\$//p" requirements.in
}

# named_in FILE <LINES: write the lines whose package is in the file; with `not`, the others.
named_in() {
    awk -F' *[=;]' -v "not=${2:-}" 'NR == FNR { names[$1]; next } ($1 in names) != (not != "")' "$1" -
}

torch=$(marked wins | grep '^torch==')
resolved <<<"$torch" | grep -E '^(torch|triton|nvidia-.*|cuda-.*)==' >"$work/brought-by-torch"
{ grep -v '#' requirements.in | grep . && marked wins; } >"$work/common"

for kind in cpu gpu; do
    marked $kind >"$work/own"
    { marked wins && marked "not in $kind" | sed "s/\$/ ; sys_platform == 'never'/"; } >"$work/overrides"
    [ ! -f $kind.lock ] || sed 's/ *;.*//' $kind.lock >"$work/pins"
    cat "$work/common" "$work/own" |
        resolved --override "$work/overrides" --output-file "$work/pins" "${@:2}" >"$work/log"
    resolved --constraint "$work/pins" <"$work/common" >"$work/everywhere"

    named_in "$work/own" not <"$work/brought-by-torch" >"$work/dropped"
    named_in "$work/dropped" not <"$work/pins" >"$work/kept"
    {
        if [ $kind = cpu ]; then
            named_in "$work/everywhere" <"$work/kept"
            named_in "$work/everywhere" not <"$work/kept" | sed 's/$/ ; platform_machine == "x86_64"/'
        else
            cat "$work/kept"
        fi
        marked no-deps
    } | LC_ALL=C sort -t= -k1,1 >"$work/locked"

    checked="The script beside this file was run in a venv, not by conda."
    [ $kind = cpu ] || checked='It was resolved only: neither installed nor run, on any machine.'
    {
        echo "# Made by \`make lock\` from requirements.in. Install $torch first, then this with --no-deps."
        [ $kind = cpu ] || echo "# $checked"
        cat "$work/locked"
    } >$kind.lock
    cat >$kind.yaml <<YAML
# For \`snakemake --sdm conda\`: Python from conda, everything else from $kind.lock (the post-deploy script
# beside this file). $checked
# \`make results\` needs no conda. Made by \`make lock\`.
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip
YAML
    cat >$kind.post-deploy.sh <<SCRIPT
#!/usr/bin/env bash
# Made by \`make lock\`: $kind.lock as Snakemake installs it in the conda environment of $kind.yaml. It
# repeats the lock because Snakemake copies this file alone, and rebuilds when its text changes.
# TORCH_INDEX, if set, is the package index for torch, as in the Makefile.
set -euo pipefail
python -m pip install \${TORCH_INDEX:+--index-url "\$TORCH_INDEX"} '$torch'
python -m pip install --no-deps -r /dev/stdin <<'LOCK'
$(cat "$work/locked")
LOCK
SCRIPT
    chmod +x $kind.post-deploy.sh
done
