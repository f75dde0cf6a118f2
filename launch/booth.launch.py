"""The real booth: `ros2 launch launch/booth.launch.py`, with `--show-args` for the arguments."""

from pathlib import Path

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    RegisterEventHandler,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from launch import Condition, LaunchDescription

CONFIG = Path(__file__).parent / "config" / "booth.yaml"


def generate_launch_description() -> LaunchDescription:
    """Start the booth's nodes, then the manager that brings them up in order."""
    namespace = LaunchConfiguration("namespace")
    config = LaunchConfiguration("config")
    calibration = {"calibration": LaunchConfiguration("calibration")}

    def booth_node(
        package: str, name: str, condition: Condition | None = None, *more: dict[str, object]
    ) -> LifecycleNode:
        return LifecycleNode(
            condition=condition,
            package=package,
            executable=name,
            name=name,
            namespace=namespace,
            parameters=[config, *more],
            output="screen",
        )

    lifecycle = Node(
        package="booth_bringup",
        executable="lifecycle",
        name="lifecycle",
        namespace=namespace,
        parameters=[config],
        output="screen",
    )
    recorder = Node(
        package="booth_bringup",
        executable="recorder",
        name="recorder",
        namespace=namespace,
        parameters=[config],
        output="screen",
        respawn=True,
        respawn_delay=1.0,
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "namespace", default_value="booth", description="the booth's name in the graph"
            ),
            DeclareLaunchArgument(
                "config", default_value=str(CONFIG), description="YAML file with every parameter"
            ),
            DeclareLaunchArgument(
                "calibration",
                description="the booth's file of `booth calibrate`, of its camera and young",
            ),
            DeclareLaunchArgument(
                "queue",
                default_value="false",
                choices=["true", "false"],
                description="whether people come from the queue service named in the config",
            ),
            DeclareLaunchArgument(
                "discovery",
                default_value="LOCALHOST",
                choices=["LOCALHOST", "SUBNET"],
                description="how far other ROS machines may see the booth",
            ),
            SetEnvironmentVariable(
                "ROS_AUTOMATIC_DISCOVERY_RANGE", LaunchConfiguration("discovery")
            ),
            booth_node("booth_safety", "safety"),
            booth_node("booth_arm", "arm", None, calibration),
            booth_node("booth_vision", "vision", None, calibration),
            booth_node("booth_station", "station"),
            booth_node("booth_queue_bridge", "queue", IfCondition(LaunchConfiguration("queue"))),
            recorder,
            lifecycle,
            # a booth that could not be brought up, or lost its manager, is taken down as a whole
            RegisterEventHandler(
                OnProcessExit(
                    target_action=lifecycle,
                    on_exit=[EmitEvent(event=Shutdown(reason="the booth is not up"))],
                )
            ),
        ]
    )
