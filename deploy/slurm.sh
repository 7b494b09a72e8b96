#!/usr/bin/env bash
# An array job: each task builds one slice of the set, into an object store or a folder that all nodes share.
#
#   export SPEC=spec.yaml OUT=s3://YOUR-BUCKET/sets/mine
#   job=$(sbatch --parsable --array=0-15 deploy/slurm.sh)                       # on CPUs
#   job=$(sbatch --parsable --array=0-15 --gres=gpu:1 deploy/slurm.sh)          # on GPUs
#   sbatch --dependency=afterany:"$job" --wrap "camera-motion status $OUT"
#
# A task that is preempted, or whose node dies, is queued again and goes on where its slice was. Failed shards: submit
# the same array again. The array may begin anywhere but has no holes: --array=1-16 is 16 slices.
#SBATCH --job-name=camera-motion
#SBATCH --array=0-15
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=camera-motion-%A_%a.log
set -euo pipefail

refuse() { # exit code 2: the input is wrong, and so it will be next time
  echo "slurm.sh: $1" >&2
  exit 2
}

[ -n "${SPEC:-}" ] || refuse "set SPEC to a spec"
[ -n "${OUT:-}" ] || refuse "set OUT to a URL, or to a folder that all nodes share"
[ -n "${SLURM_ARRAY_TASK_COUNT:-}" ] || refuse "this is an array job: sbatch --array=0-15 deploy/slurm.sh"
first=$SLURM_ARRAY_TASK_MIN last=$SLURM_ARRAY_TASK_MAX count=$SLURM_ARRAY_TASK_COUNT
[ $((last - first + 1)) -eq "$count" ] || refuse "the array $first to $last has holes; use --array=$first-$last"

echo "$(date -u +%FT%TZ) slice $((SLURM_ARRAY_TASK_ID - first))/$count on $(hostname)"
share=--workers # a worker for each core; on GPUs a worker for each of those, with the cores as its threads
[ -z "${SLURM_GPUS_ON_NODE:-}" ] || share=--cpus
exec "${CAMERA_MOTION:-camera-motion}" build "$SPEC" --out "$OUT" --slice "$((SLURM_ARRAY_TASK_ID - first))/$count" \
  "$share" "${SLURM_CPUS_PER_TASK:-1}"
