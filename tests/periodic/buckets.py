"""A real S3 server that checks signatures, in a process of its own."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

from periodic.safekeeping.places import Bucket

# moto, with a user of its own: after the first requests, which make it, signatures are checked.
SERVER = """
import json, os, sys
import boto3
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(sys.argv[1]), verbose=False)
server.start()
at = {"endpoint_url": f"http://127.0.0.1:{sys.argv[1]}", "region_name": "us-east-1",
      "aws_access_key_id": "first", "aws_secret_access_key": "first"}
iam = boto3.client("iam", **at)
iam.create_user(UserName="duka")
everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
iam.put_user_policy(UserName="duka", PolicyName="all", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [everything]}))
key = iam.create_access_key(UserName="duka")["AccessKey"]
boto3.client("s3", **at).create_bucket(Bucket="backups")
print(key["AccessKeyId"], key["SecretAccessKey"], flush=True)
sys.stdin.read()
"""
REQUESTS_BEFORE_CHECKING = 4


@contextlib.contextmanager
def bucket_server() -> Iterator[Bucket]:
    """Give the keys of a server that has an empty bucket called backups."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port)],
        env=kept | {"INITIAL_NO_AUTH_ACTION_COUNT": str(REQUESTS_BEFORE_CHECKING)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        access, secret = server.stdout.readline().split()
        yield Bucket(f"http://127.0.0.1:{port}", "us-east-1", access, secret)
        server.kill()
