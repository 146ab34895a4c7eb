# Finds a Python that is new enough and hands over to the package harness/. Sourced by the commands.
here=$(cd "$(dirname "$0")" && pwd -P) || exit 1
for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        # Byte code goes where everything generated goes, never beside the sources.
        export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}"
        export PYTHONPYCACHEPREFIX="$here/../.build/pycache"
        exec "$python" -m "harness.$(basename "$0")" "$@"
    fi
done
echo "This needs Python 3.10 or newer; on Debian: apt-get install python3" >&2
exit 1
