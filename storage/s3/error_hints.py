"""What a person can do next about a storage error, once for all the rows that share it."""

from __future__ import annotations

WAIT = "This is usually temporary: send the job again."
CREDENTIALS = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
SECRET = (
    "The secret key is wrong or cut off, it belongs to another key id, or a proxy rewrites "
    "requests; copy AWS_SECRET_ACCESS_KEY again."
)
FORBIDDEN = (
    "Possible causes: a wrong key; a key scoped to another bucket or prefix; a key without the "
    "permission for this operation; a key without s3:ListBucket, for which a missing object looks "
    "like 403; a wrong clock; a wrong region."
)
CLOCK = "Synchronise the clock of this machine (NTP); S3 accepts 15 minutes of difference."
REGION = "Check AWS_REGION (or S3_REGION) and AWS_ENDPOINT_URL; the region must be the bucket's."
DNS = "Check AWS_ENDPOINT_URL for typing errors, then DNS and the firewall."
TLS = (
    "Check that AWS_ENDPOINT_URL uses the right scheme and port; for a private certificate "
    "authority set AWS_CA_BUNDLE."
)
UNREACHABLE = "The endpoint is slow or a firewall drops packets; check AWS_ENDPOINT_URL."
NOT_S3 = "Check AWS_ENDPOINT_URL: it must be the S3 API, not a console, a CDN or a website."
