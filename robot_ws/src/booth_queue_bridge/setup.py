"""Install the package the way ament_python expects."""

from setuptools import find_packages, setup

NAME = "booth_queue_bridge"

setup(
    name=NAME,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    description="Calls people from the queue service and reports their sessions to it.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "queue = booth_queue_bridge.node:main",
        ]
    },
)
