#!/usr/bin/env bash
# A throw-away SLURM cluster on this one Debian machine, for the tests: three nodes on the loopback
# interface, n1 and n2 (partition cpu) and g1 (partition gpu, two GPUs that are no devices). As root.
#   cluster.sh up FOLDER     bring it up; FOLDER is wiped and holds all of it: config, keys, logs, records
#   cluster.sh down FOLDER   stop it: only processes of its own pid files
# MEMORY_LIMITS=1 enforces memory by cgroups (version 1).
set -euo pipefail
action=${1:?up or down} home=${2:?the folder of the cluster}
nodes=(n1 n2 g1)

# wait_for SECONDS WHAT COMMAND...
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { echo "cluster.sh: waited in vain: $what" >&2; exit 1; }
        sleep 0.1
    done
}

# alive PID: a process that ended and waits to be reaped counts as ended.
alive() {
    local state
    state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 1
    [[ -n $state && ${state:0:1} != Z ]]
}

# stop PROGRAM PIDFILE: end what the file names, if it is that program.
stop() {
    local pid
    pid=$(cat "$2" 2>/dev/null) || return 0
    grep -qa "$1" "/proc/$pid/cmdline" 2>/dev/null || return 0
    kill "$pid" 2>/dev/null || true
    for _ in {1..100}; do
        alive "$pid" || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

down() {
    if alive "$(cat "$home/run/slurmctld.pid" 2>/dev/null || echo 0)"; then
        timeout 5 scancel --user=root 2>/dev/null || true # what runs in a job outlives slurmd
        for _ in {1..60}; do
            [[ -n $(timeout 5 squeue -h 2>/dev/null) ]] || break
            sleep 0.2
        done
    fi
    for node in "${nodes[@]}"; do stop slurmd "$home/run/slurmd.$node.pid"; done
    stop slurmctld "$home/run/slurmctld.pid"
    stop munged "$home/run/munged.pid"
    for node in "${nodes[@]}"; do
        for group in memory freezer cpuset devices; do
            find "/sys/fs/cgroup/$group/slurm_$node" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done
    done
    for file in slurm gres cgroup; do
        [[ $(readlink "/etc/slurm/$file.conf") != "$home/etc/$file.conf" ]] || rm "/etc/slurm/$file.conf"
    done
}

configure() {
    local tracking="ProctrackType=proctrack/pgid
TaskPlugin=task/none" limits="CgroupAutomount=no"
    if [[ ${MEMORY_LIMITS:-0} == 1 ]]; then
        tracking="ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup"
        limits="CgroupPlugin=cgroup/v1
CgroupAutomount=yes
CgroupMountpoint=/sys/fs/cgroup
ConstrainRAMSpace=yes
ConstrainSwapSpace=yes
AllowedSwapSpace=0
MinRAMSpace=30"
    fi
    # No database: the record of finished jobs is a file. Tests lack the time for usual waits.
    cat >"$home/etc/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$home/run/munge.socket,cred_expire=10
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MailProg=/bin/true
MpiDefault=none
$tracking
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmctldPort=16817
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool/%n
SlurmctldPidFile=$home/run/slurmctld.pid
SlurmdPidFile=$home/run/slurmd.%n.pid
SlurmctldLogFile=$home/log/slurmctld.log
SlurmdLogFile=$home/log/slurmd.%n.log
ReturnToService=2
SlurmctldTimeout=60
SlurmdTimeout=10
KillWait=5
MinJobAge=300
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=5,sched_min_interval=0,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$home/log/finished.txt
JobRequeue=0
GresTypes=gpu
NodeName=n[1-2] NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=8000 State=UNKNOWN
NodeName=g1 NodeAddr=127.0.0.1 Port=17003 CPUs=2 RealMemory=8000 Gres=gpu:fake:2 State=UNKNOWN
PartitionName=cpu Nodes=n[1-2] Default=YES MaxTime=1440 DefMemPerCPU=500 State=UP
PartitionName=gpu Nodes=g1 MaxTime=1440 DefMemPerCPU=500 State=UP
CONF
    # SLURM wants device nodes; these two are a second and a third /dev/null.
    mknod "$home/dev/gpu0" c 1 3
    mknod "$home/dev/gpu1" c 1 3
    echo "NodeName=g1 Name=gpu Type=fake File=$home/dev/gpu[0-1]" >"$home/etc/gres.conf"
    echo "$limits" >"$home/etc/cgroup.conf"
    mkdir -p /etc/slurm # steps do not inherit SLURM_CONF, so the files must be here
    for file in slurm gres cgroup; do ln -sfn "$home/etc/$file.conf" "/etc/slurm/$file.conf"; done
}

up() {
    if [[ -e /etc/slurm/slurm.conf && ! -L /etc/slurm/slurm.conf ]]; then
        echo "cluster.sh: this machine has a SLURM of its own (/etc/slurm/slurm.conf)" >&2
        exit 1
    fi
    down
    rm -rf "$home"
    mkdir -p "$home"/{etc,run,log,state,dev,munge,spool/n1,spool/n2,spool/g1}
    configure
    chmod 700 "$home/munge"
    head -c 1024 /dev/urandom >"$home/munge/munge.key"
    chmod 400 "$home/munge/munge.key"
    munged --key-file="$home/munge/munge.key" --seed-file="$home/munge/munged.seed" \
        --socket="$home/run/munge.socket" --pid-file="$home/run/munged.pid" --log-file="$home/log/munged.log"
    wait_for 10 munged sh -c "munge -n -S $home/run/munge.socket | unmunge -S $home/run/munge.socket"
    slurmctld
    wait_for 30 slurmctld sh -c 'scontrol ping | grep -q "is UP"'
    for node in "${nodes[@]}"; do slurmd -N "$node"; done
    wait_for 30 "three idle nodes" sh -c '[ "$(sinfo -h -N -o %t | grep -cx idle)" = 3 ]'
}

"$action"
