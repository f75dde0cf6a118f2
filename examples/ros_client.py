"""Collect one sample from a running booth: `python examples/ros_client.py [namespace]`."""

import sys

import rclpy
from booth_interfaces.action import CollectSample
from rclpy.action import ActionClient

OUTCOMES = {1: "done", 2: "refused", 3: "aborted", 4: "cancelled"}


def main() -> int:
    """Send a goal, print the feedback, print how it ended."""
    rclpy.init()
    node = rclpy.create_node("client", namespace=sys.argv[1] if sys.argv[1:] else "booth")
    client = ActionClient(node, CollectSample, "collect_sample")
    if not client.wait_for_server(timeout_sec=30.0):
        sys.exit("no booth offers collect_sample; bring one up with `booth ros up`")
    goal = CollectSample.Goal(ticket_key="A001", procedure="oropharyngeal_adult", tube="T-000001")
    accepted = client.send_goal_async(
        goal,
        feedback_callback=lambda message: print(
            f"{message.feedback.state:12} {message.feedback.site:15} "
            f"stroke {message.feedback.stroke} force {message.feedback.force:.2f} N"
        ),
    )
    rclpy.spin_until_future_complete(node, accepted)
    if not accepted.result().accepted:
        sys.exit("the booth takes nobody now; its log and the topic station/mode say why")
    ended = accepted.result().get_result_async()
    rclpy.spin_until_future_complete(node, ended)
    result = ended.result().result
    print(f"{OUTCOMES[result.outcome]} {result.reason} record {result.record_id[:12]}")
    return 0 if result.outcome == CollectSample.Result.OUTCOME_DONE else 1


if __name__ == "__main__":
    sys.exit(main())
