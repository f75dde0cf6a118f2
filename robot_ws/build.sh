#!/usr/bin/env bash
# Build the workspace into robot_ws/install: against ROS 2 where it is sourced, else against the
# ROS wheels of a virtual environment: VENV, else the active one, else .venv in the repository.
# Usage: robot_ws/build.sh [colcon options]
set -euo pipefail
environment=$(realpath -m "${VENV:-${VIRTUAL_ENV:-"$(dirname "$0")/../.venv"}}")
cd "$(dirname "$0")"

if [ -n "${ROS_DISTRO:-}" ]; then
  paths=(src)                                   # a full installation brings tf2_msgs itself
else
  [ -x "$environment/bin/colcon" ] || {
    echo "no colcon in $environment: run 'make test' once, or set VENV to where it is" >&2; exit 1; }
  export PATH="$environment/bin:$PATH" LD_LIBRARY_PATH="$environment/lib:${LD_LIBRARY_PATH:-}"
  export AMENT_PREFIX_PATH="$environment" CMAKE_PREFIX_PATH="$environment"
  paths=(src)
  [ -d "$environment/share/tf2_msgs" ] || paths+=(fallback)
fi

exec colcon --log-base log build --merge-install --base-paths "${paths[@]}" \
  --event-handlers console_direct- "$@" \
  --cmake-args -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release --no-warn-unused-cli
