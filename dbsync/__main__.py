"""The way in, as `dbsync` and as `python -m dbsync`."""

import gc
import sys


def main() -> int:
    """Run the command line; the exit code. Ctrl-C is answered also while the modules are being read."""
    try:
        from dbsync.cli import main as run

        return run()
    except (KeyboardInterrupt, RuntimeError) as error:
        # Python before 3.12 wraps one that comes while a class is made.
        if isinstance(error, RuntimeError) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        sys.stderr.write("error: interrupted\n")
        return 130
    finally:
        # What is left ends with the process: to look for garbage among a large schema's objects takes seconds.
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
