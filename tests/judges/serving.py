#!/usr/bin/env python3
"""Serves a store on a free port while a command runs, then ends the service with SIGTERM.

`{url}` in the command is replaced by the address: serving.py STORE -- curl {url}/health
The exit code is the command's, or 1 when the service did not end well.
"""

import argparse
import subprocess
import sys

from harness import Service, add_binary


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_binary(arguments)
    arguments.add_argument("store")
    arguments.add_argument("command", nargs="+", help="what to run, behind --")
    given = arguments.parse_args()
    service = Service(given.binary, given.store)
    service.start()
    try:
        command = [part.replace("{url}", service.base) for part in given.command]
        code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    finally:
        ended = service.stop()
    if ended != 0:
        print(f"serve ended with {ended} on SIGTERM: {service.tail()}", file=sys.stderr)
    service.log.unlink()
    return code or (1 if ended else 0)


if __name__ == "__main__":
    sys.exit(main())
