#!/bin/sh
# Installs what building HiGHS needs and a fresh machine may lack: cmake, a C++ compiler and libclang
# (for bindgen). As root it uses Debian packages, otherwise a virtual environment in .venv-build with
# `cmake` and `libclang` from PyPI. If neither works, it lists what to install and exits with code 1.
# It can be run again at any time and skips what is present. When tools are outside the default
# paths, it writes .build-env, which the Makefile reads. As root it also installs bubblewrap, the
# optional sandbox of external solvers.
set -eu
cd "$(dirname "$0")"

have_cmake() { command -v cmake >/dev/null 2>&1; }
have_cxx() { command -v c++ >/dev/null 2>&1; }
have_libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] && ls "$LIBCLANG_PATH"/libclang*.so* >/dev/null 2>&1 && return 0
    ldconfig -p 2>/dev/null | grep -q 'libclang[-.0-9]*\.so' && return 0
    ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1
}
ready() { have_cmake && have_cxx && have_libclang; }

if ! command -v cargo >/dev/null 2>&1 && [ ! -x "$HOME/.cargo/bin/cargo" ]; then
    echo "setup: cargo is missing. Install Rust 1.90 or newer (https://rustup.rs), then run this again." >&2
    exit 1
fi
if [ -f .build-env ]; then . ./.build-env; fi
# Optional: the sandbox of external solvers. Never a reason to fail.
if ! command -v bwrap >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "setup: installing bubblewrap with apt-get"
        { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap \
            || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
                --no-install-recommends bubblewrap; }; } >/dev/null 2>&1 \
            || echo "setup: bubblewrap could not be installed; sandbox = \"bubblewrap\" needs it"
    else
        echo "setup: bubblewrap is missing; sandbox = \"bubblewrap\" needs it (Debian: apt-get install bubblewrap)"
    fi
fi

if ready; then
    echo "setup: cmake, a C++ compiler and libclang are installed"
    exit 0
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "setup: installing cmake, g++ and libclang-dev with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends cmake g++ libclang-dev >/dev/null; then
        ready && { echo "setup: done"; exit 0; }
    fi
    echo "setup: apt-get did not install everything; trying a virtual environment" >&2
fi

if have_cxx && command -v python3 >/dev/null 2>&1; then
    echo "setup: installing cmake and libclang into .venv-build"
    if python3 -m venv .venv-build && .venv-build/bin/pip install -q cmake libclang; then
        lib=$(.venv-build/bin/python -c 'import clang, os; print(os.path.join(os.path.dirname(clang.__file__), "native"))')
        # libclang from PyPI lacks clang's own headers; bindgen accepts those of the C compiler.
        inc=$(cc -print-file-name=include)
        {
            echo "export PATH=\"$PWD/.venv-build/bin:\$PATH\""
            echo "export LIBCLANG_PATH=\"$lib\""
            echo "export BINDGEN_EXTRA_CLANG_ARGS=\"-isystem $inc\""
        } >.build-env
        . ./.build-env
        ready && { echo "setup: done (tools in .venv-build, settings in .build-env)"; exit 0; }
    fi
fi

echo "setup: could not install everything. Install the following, then run this again:" >&2
have_cxx || echo "  - a C++ compiler        (Debian: apt-get install g++)" >&2
have_cmake || echo "  - cmake                 (Debian: apt-get install cmake)" >&2
have_libclang || echo "  - libclang, for bindgen (Debian: apt-get install libclang-dev)" >&2
exit 1
