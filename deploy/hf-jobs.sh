#!/usr/bin/env bash
# Hugging Face Jobs: each job builds one slice of a set into a bucket on the Hub, or into any other store.
#
#   export IMAGE=YOUR-REGISTRY/camera-motion:cpu SPEC=spec OUT=hf://buckets/YOUR-NAME/sets/mine SLICES=8
#   deploy/hf-jobs.sh                                                            # on CPUs
#   FLAVOR=l4x1 IMAGE=YOUR-REGISTRY/camera-motion:gpu deploy/hf-jobs.sh          # on GPUs
#   hf jobs hardware                                                             # flavors; CPUS says how many cores
#   camera-motion status "$OUT" --watch
#
# SPEC is a folder with spec.yaml and the files that it names. Run `hf auth login` before; the jobs get your token to
# write with. For s3:// put the keys into a file and set SECRETS_FILE to it. Failed shards: run it again. What else is given
# goes to `hf jobs run`: --dry-run shows the jobs and starts none.
set -euo pipefail

: "${IMAGE:?an image of deploy/Dockerfile}" "${SPEC:?a folder with spec.yaml}" "${OUT:?a URL such as hf://buckets/you/set}"
slices=${SLICES:-1} flavor=${FLAVOR:-cpu-upgrade}
share=--workers # a worker for each core; on GPUs a worker for each of those, with the cores as its threads
[[ $flavor == cpu* ]] || share=--cpus
secrets=(--secrets HF_TOKEN)
[ -z "${SECRETS_FILE:-}" ] || secrets+=(--secrets-file "$SECRETS_FILE")

for ((slice = 0; slice < slices; slice++)); do
  hf jobs run --detach --name "camera-motion-$slice" --flavor "$flavor" --timeout "${TIMEOUT:-24h}" \
    --attempts 3 "${secrets[@]}" --volume "$SPEC:/spec" "$@" "$IMAGE" \
    camera-motion build /spec/spec.yaml --out "$OUT" --slice "$slice/$slices" "$share" "${CPUS:-8}"
done
