"""Runs the AWS CLI as its own `aws` script does, once for each command line, without a new process each time.

Reads JSON texts, one command line each, and answers each with a line of JSON: exit code, standard output and error.
"""
import contextlib
import io
import json
import shlex
import sys

from awscli.clidriver import create_clidriver


def run(line):
    program, *arguments = shlex.split(line)
    assert program == "aws", line
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = create_clidriver().main(arguments)
        except SystemExit as end:
            code = end.code
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
