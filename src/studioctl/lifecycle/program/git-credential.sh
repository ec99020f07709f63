#!/bin/bash
# Written by studioctl. Git asks it for the token of one host; it reads it from AWS Secrets Manager, each time anew,
# with the space's own role, and tells nobody but Git.
[[ "${1-}" = get ]] || exit 0
protocol='' host=''
while IFS='=' read -r key value && [[ -n "${key}" ]]; do
  case ${key} in
    protocol) protocol=${value} ;;
    host) host=${value} ;;
    *) ;;
  esac
done
[[ "${protocol}://${host}" = "https://${HOST}" ]] || exit 0
unset AWS_PROFILE
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
token=$(aws secretsmanager get-secret-value --secret-id "${SECRET}" --region "${REGION}" --query SecretString --output text \
  --cli-connect-timeout 10 --cli-read-timeout 20)
case ${token} in
  '' | None | *[[:space:]]*)
    printf 'studioctl: no token for %s in the secret %s of AWS Secrets Manager\n' "${HOST}" "${SECRET}" >&2
    exit 0
    ;;
  *) printf 'username=%s\npassword=%s\n' "${USERNAME}" "${token}" ;;
esac
