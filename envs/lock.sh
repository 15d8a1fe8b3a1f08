#!/usr/bin/env bash
# Write the complete lock, envs/cpu.lock, and the conda post-deploy script that carries it, from
# envs/requirements.in: install everything into a new environment and list what came. `make lock`.
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
pip=("$work/venv/bin/python" -m pip)
torch=$(grep '^torch==' requirements.in)
"${pip[@]}" install "$torch"
grep -v '# no-deps$' requirements.in | "${pip[@]}" install -r /dev/stdin
grep '# no-deps$' requirements.in | "${pip[@]}" install --no-deps -r /dev/stdin

# Not in the lock: torch itself, and what only its CUDA builds bring (the CPU build has none of it).
"${pip[@]}" freeze --all |
    grep -viE '^(torch|triton|pip|nvidia-[^=]*|cuda-[^=]*)( @|==)' >"$work/packages"
{
    echo "# Made by \`make lock\` from requirements.in. Install $torch first, then this with --no-deps."
    cat "$work/packages"
} >cpu.lock
{
    cat <<'HEAD'
#!/usr/bin/env bash
# Made by `make lock`: envs/cpu.lock as Snakemake runs it in the conda environment of cpu.yaml. It
# repeats the lock because Snakemake copies this file alone, and rebuilds when its text changes.
set -euo pipefail
HEAD
    echo "python -m pip install '$torch'"
    echo "python -m pip install --no-deps -r /dev/stdin <<'LOCK'"
    cat "$work/packages"
    echo LOCK
} >cpu.post-deploy.sh
chmod +x cpu.post-deploy.sh
