"""The user's own container engine: docker, podman, buildah or finch. Nothing else starts one."""
