#!/bin/sh
# Builds libpallet-mpi.so with the MPI of this machine, for training on several machines.
#
#     scripts/build-mpi-shim.sh [FOLDER]      FOLDER: where the program lies (default: .build/release)
#
# Needs mpicc: on Debian `apt-get install openmpi-bin libopenmpi-dev`, or `mpich libmpich-dev`. MPICC names another.
# The program finds the library beside itself, or where PALLET_MPI_SHIM says. Launch with the mpirun of the same MPI.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/.build/release}
compiler=${MPICC:-mpicc}
if ! command -v "$compiler" >/dev/null; then
    echo "build-mpi-shim: $compiler is not here. Install an MPI: apt-get install openmpi-bin libopenmpi-dev" >&2
    exit 69
fi
mkdir -p "$folder"
"$compiler" -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden \
    -o "$folder/libpallet-mpi.so.new" "$root/Sources/MPIShim/mpi_shim.c" -lpthread
mv "$folder/libpallet-mpi.so.new" "$folder/libpallet-mpi.so"
echo "$folder/libpallet-mpi.so"
