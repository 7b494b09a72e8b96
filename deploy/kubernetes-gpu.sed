# Makes the Job of kubernetes.yaml one for GPUs: the image, a GPU for each pod, and one worker with all of its cores.
s/:cpu$/:gpu/
s/# nvidia/nvidia/
s/--workers/--cpus/
