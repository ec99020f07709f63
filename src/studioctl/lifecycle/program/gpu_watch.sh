gpu_watch() { # gpu_watch REGION BUCKET: tells the guard of [limits] from now on whether this machine is at work
  local metadata account space bucket=${2}
  if ! command -v nvidia-smi >/dev/null; then
    note 'no GPU here'
    return 77
  fi
  metadata=$(tr -d ' \n' </opt/ml/metadata/resource-metadata.json)
  account=${metadata#*:app/} account=${metadata%":app/${account}"} account=${account##*:}
  space=${metadata#*'"SpaceName":"'} space=${space%%'"'*}
  # A bucket's name does not end with a hyphen: the account's number is missing.
  [[ "${bucket}" != *- ]] || bucket+=${account}
  detached bash -c "$(program)" studio-setup gpu_tell "${1}" "${bucket}" "${space}" >/dev/null 2>&1 </dev/null 4>&- &
  note "${space} tells s3://${bucket} whether it is at work"
}

gpu_tell() { # gpu_tell REGION BUCKET SPACE: every five minutes, that it looks, and whether there was work in them
  local count worked=1
  exec 8>>"${state}/gpu_watch.lock"
  flock -n 8 || return 0
  unset AWS_PROFILE
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  while :; do
    if ((worked)); then gpu_say "${@}" working; fi
    gpu_say "${@}" alive
    worked=0
    for ((count = 0; count < 30; count++)); do
      sleep "${STUDIOCTL_GPU_SECONDS:-10}"
      look_for_work
    done
  done
}

gpu_say() { # gpu_say REGION BUCKET SPACE WHAT: the guard reads the object's date
  aws s3api put-object --region "${1}" --bucket "${2}" --key "shared/studioctl-gpu/${3}/${4}" \
    --cli-connect-timeout 10 --cli-read-timeout 20
}

count_downloads() { # sets `worked` if 10 MB came in since the last look, 1 MB/s: no idle machine receives so much
  local before=${received:-} name bytes
  received=0
  while IFS=': ' read -r name bytes _; do
    if [[ "${name}" != lo && "${bytes}" =~ ^[0-9]+$ ]]; then received=$((received + bytes)); fi
  done </proc/net/dev
  if [[ -n "${before}" ]] && ((received - before >= 10000000)); then worked=1; fi
}

look_for_work() { # sets `worked` if a GPU or a program computes, a terminal shows something new, or the editor is used
  local gpu load new
  count_downloads
  gpu=$(nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits 2>/dev/null | sort -rn | head -n 1) || gpu=
  read -r load _ </proc/loadavg
  # Directories and files that are not there are no failure.
  new=$(find /dev/pts /tmp/.sagemaker-last-active-timestamp "${HOME}/.sagemaker-last-active-timestamp" \
    ! -type d ! -name ptmx -mmin -1 2>/dev/null) || true
  # A use of the GPU that is unknown counts as work, too. A load has two decimals: 0.50 is 50.
  if [[ "${gpu}" != 0 || -n "${new}" ]] || ((10#${load/./} >= 50)); then worked=1; fi
}
